import { chown, mkdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { listSlots, writeSlot } from "@fieldmesh/runtime";
import { UsageError } from "../exit.js";
import { addCredentials, type CredentialFiles, listCredentials } from "./credentials.js";

export interface SlotRequest {
  count: number;
  /** Slots are named `{prefix}-1`, `{prefix}-2`… */
  prefix: string;
  domain: string;
  /** `DATA_DIR/edge`. */
  root: string;
}

export interface SlotsMade {
  made: string[];
  kept: string[];
}

/** Makes `{prefix}-1` to `{prefix}-{count}`; see {@link ensureSlots}. */
export function makeSlots(files: CredentialFiles, request: SlotRequest): Promise<SlotsMade> {
  const { count, prefix, domain, root } = request;
  const longest = `${prefix}-${count}`;
  if (longest.length > 32) {
    throw new UsageError(`--prefix "${prefix}" is too long: "${longest}" has more than 32 characters`);
  }
  const ids = Array.from({ length: count }, (_, at) => `${prefix}-${at + 1}`);
  return ensureSlots(files, { ids, domain, root });
}

/**
 * Makes identities beforehand, each with a name and a password, for nodes to take. Slots that are there, and whose
 * user the broker knows, are kept as they are.
 */
export async function ensureSlots(
  files: CredentialFiles,
  request: { ids: readonly string[]; domain: string; root: string },
): Promise<SlotsMade> {
  const { ids, domain, root } = request;
  await mkdir(root, { recursive: true, mode: 0o700 });
  const existing = new Map((await listSlots(root)).map((slot) => [slot.id, slot]));
  const known = new Set((await listCredentials(files)).map(({ user }) => user));
  const wanting = ids.filter((id) => existing.get(id)?.password === undefined || !known.has(id));
  const added = await addCredentials(
    files,
    wanting.map((user) => ({ user, role: "node" as const, domains: [domain], renew: true })),
  );
  for (const { user, password } of added) {
    const folder = await writeSlot(root, { id: user, password });
    await giveToOwnerOf(root, [folder, join(folder, "identity.json")]);
  }
  return { made: wanting, kept: ids.filter((id) => !wanting.includes(id)) };
}

/** As root beside nodes that run as another user: what is made in their folder is theirs. */
async function giveToOwnerOf(folder: string, paths: readonly string[]): Promise<void> {
  if (process.getuid?.() !== 0) return;
  const { uid, gid } = await stat(folder);
  for (const path of paths) await chown(path, uid, gid);
}
