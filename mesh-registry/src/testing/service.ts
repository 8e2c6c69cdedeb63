import { join } from "node:path";
import { onTestFinished } from "vitest";
import type { RegistryOptions, RegistryWorld } from "../options.js";
import { startRegistry } from "../registry.js";
import { temporaryFolder } from "./embedded.js";
import { quiet } from "./quiet.js";

export interface Answered {
  status: number;
  headers: Headers;
  /** Parsed where it is JSON. */
  body: unknown;
}

export interface Service {
  url: string;
  folder: string;
  ask: (method: string, path: string, body?: unknown, headers?: Record<string, string>) => Promise<Answered>;
  close: () => Promise<void>;
}

/** A registry on a real embedded store and a real socket, gone when the test is over. */
export async function registryService(
  more: Partial<RegistryOptions> = {},
  at?: string,
  world: Partial<RegistryWorld> = {},
): Promise<Service> {
  const folder = at ?? (await temporaryFolder());
  const registry = await startRegistry(
    {
      host: "127.0.0.1",
      port: 0,
      usersFile: join(folder, "users.yaml"),
      folder: join(folder, "registry"),
      ...more,
    },
    { log: quiet, ...world },
  );
  onTestFinished(() => registry.close());
  return {
    url: registry.url,
    folder,
    close: () => registry.close(),
    async ask(method, path, body, headers = {}) {
      const answer = await fetch(`${registry.url}${path}`, {
        method,
        headers: { ...(body === undefined ? {} : { "Content-Type": "application/json" }), ...headers },
        ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
      });
      const text = await answer.text();
      const isJson = (answer.headers.get("content-type") ?? "").includes("json");
      return { status: answer.status, headers: answer.headers, body: isJson ? JSON.parse(text) : text };
    },
  };
}

export const SALES = { id: "sales", name: "Sales", owner: "alice" };

export function orders(more: object = {}): object {
  return { id: "orders", domain: "sales", owner: "alice", status: "active", ...more };
}
