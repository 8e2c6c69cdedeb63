import {
  createMeshClient,
  type MeshClient,
  MeshError,
  MeshUnreachableError,
} from "@fieldmesh/mesh-registry/client";
import { readEnvironment } from "@fieldmesh/runtime";
import type { Command } from "commander";
import { FailureError, UsageError } from "../exit.js";
import { type Terminal, writeJson, writeLine } from "../terminal.js";

/** Options of every command that asks the registry. */
export interface RegistryOptions {
  /** Before REGISTRY_URL. */
  registry?: string;
  json?: boolean;
}

/** Of a request the status 400 or 422: what was asked is malformed. */
const ASKED_WRONGLY: ReadonlySet<number> = new Set([400, 422]);

/** A person waits, and asks again if need be. */
const RETRIES = 1;

export function addRegistryOptions(command: Command): Command {
  return command
    .option("--registry <url>", "where the registry is; else REGISTRY_URL, else http://127.0.0.1:8000")
    .option("--json", "print JSON");
}

/**
 * Does work with a registry, and says its refusals as a command does.
 * @throws UsageError for what is malformed, FailureError for all else that does not come about
 */
export async function withMesh<T>(
  { registry }: RegistryOptions,
  { env }: Pick<Terminal, "env">,
  work: (mesh: MeshClient) => Promise<T>,
): Promise<T> {
  const given = registry === undefined ? env : { ...env, REGISTRY_URL: registry };
  const read = readEnvironment(["REGISTRY_URL", "REGISTRY_PORT", "REGISTRY_KEY"], given);
  const url = read.REGISTRY_URL ?? `http://127.0.0.1:${read.REGISTRY_PORT}`;
  try {
    return await work(createMeshClient({ url, key: read.REGISTRY_KEY, retries: RETRIES }));
  } catch (error) {
    throw told(error);
  }
}

/** An error of the client as one of a command. */
export function told(error: unknown): unknown {
  if (error instanceof MeshUnreachableError) {
    const advice = "`fieldmesh start` runs one here; --registry or REGISTRY_URL says where another is";
    return new FailureError(`${error.message}\n  ${advice}`);
  }
  if (!(error instanceof MeshError)) return error;
  const { message, errors, status } = error;
  const others = errors.map(({ detail }) => detail).filter((detail) => !message.includes(detail));
  const lines = [message, ...others.slice(0, 10)];
  if (status === 401) {
    lines.push(
      "REGISTRY_KEY, or the file that REGISTRY_KEY_FILE names, has a key or token; the first one is in DATA_DIR/registry/first-key",
    );
  }
  const text = lines.join("\n  ");
  return ASKED_WRONGLY.has(status) ? new UsageError(text) : new FailureError(text);
}

/** Prints a value as JSON, or as what people read. */
export async function print(
  { stdout }: Terminal,
  { json }: RegistryOptions,
  value: unknown,
  text: () => string,
): Promise<void> {
  if (json === true) await writeJson(stdout, value);
  else await writeLine(stdout, text());
}

/** A time for people, to the minute, in UTC. */
export function when(ms: number | undefined | null): string {
  return ms === undefined || ms === null ? "" : new Date(ms).toISOString().slice(0, 16).replace("T", " ");
}

/** Names and values below one another; what is empty is left out. */
export function facts(pairs: readonly (readonly [name: string, value: string | undefined])[]): string {
  const given = pairs.filter(([, value]) => value !== undefined && value !== "");
  const width = Math.max(0, ...given.map(([name]) => name.length));
  return given.map(([name, value]) => `${name.padEnd(width)}  ${value}`).join("\n");
}
