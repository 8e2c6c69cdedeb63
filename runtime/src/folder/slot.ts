import { mkdir, readdir, readFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { fitName, parseName } from "@fieldmesh/protocol";
import { z } from "zod";
import { ConfigurationError } from "../process/exit.js";
import { FolderHeldError, type FolderLock, lockFolder } from "./folder-lock.js";
import { checkFormat, writeFileAtomic } from "./kept-file.js";

/** File in a slot's folder that holds who its owner is. */
const IDENTITY_FILE = "identity.json";
const IDENTITY_FORMAT = 1;
/** More nodes than this under one folder of one machine is a mistake. */
const MAX_SUFFIX = 1_000;

/** Who a node is, and its password where the broker wants one. */
export interface Identity {
  id: string;
  password?: string | undefined;
}

/** An identity file is not readable as one. */
export class IdentityError extends ConfigurationError {
  override readonly name = "IdentityError";
  override readonly code = "identity";
}

export interface Slot extends Identity {
  /** The folder that is now this process's own. */
  folder: string;
  lock: FolderLock;
}

const identitySchema = z.object({
  format: z.number(),
  id: z.string(),
  password: z.string().optional(),
});

/**
 * Claims the folder of a node under `root` (`DATA_DIR/edge`).
 *
 * With an id: the folder of that name. Without: the first free slot, which is a folder with an identity file;
 * if none is free, a new one with the host name, made to fit (`-2`, `-3`… when that is taken too).
 * @throws FolderHeldError when the folder of the given id is held.
 * @throws IdentityError, FormatVersionError when an identity file cannot be used.
 */
export async function claimSlot(
  root: string,
  options: { id?: string | undefined; hostName?: string } = {},
): Promise<Slot> {
  await mkdir(root, { recursive: true, mode: 0o700 });
  if (options.id !== undefined) {
    const folder = join(root, options.id);
    const lock = await lockFolder(folder, `edge ${options.id}`);
    return orRelease(lock, async () => {
      const identity = await readIdentity(folder);
      return { id: options.id ?? "", password: identity?.password, folder, lock };
    });
  }
  return (await claimFreeSlot(root)) ?? claimNewSlot(root, fitName(options.hostName ?? hostname()));
}

/** Makes a slot, or replaces its identity: `fieldmesh credentials slots` does it beforehand. */
export async function writeSlot(root: string, identity: Identity): Promise<string> {
  const folder = join(root, identity.id);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const content = JSON.stringify({ format: IDENTITY_FORMAT, ...identity }, null, 2);
  await writeFileAtomic(join(folder, IDENTITY_FILE), `${content}\n`, 0o600);
  return folder;
}

/** Every slot under `root`, by name. */
export async function listSlots(root: string): Promise<Identity[]> {
  const slots: Identity[] = [];
  for (const name of await slotFolders(root)) {
    const identity = await readIdentity(join(root, name));
    if (identity !== undefined) slots.push(identity);
  }
  return slots;
}

async function claimFreeSlot(root: string): Promise<Slot | undefined> {
  for (const name of await slotFolders(root)) {
    const folder = join(root, name);
    const identity = await readIdentity(folder);
    if (identity === undefined) continue;
    const lock = await lockUnlessHeld(folder, identity.id);
    if (lock !== undefined) return { ...identity, folder, lock };
  }
  return undefined;
}

async function claimNewSlot(root: string, wanted: string): Promise<Slot> {
  for (let suffix = 1; suffix <= MAX_SUFFIX; suffix += 1) {
    const id = suffix === 1 ? wanted : `${wanted.slice(0, 32 - `-${suffix}`.length)}-${suffix}`;
    if (!parseName("node", id).ok) continue; // the host is called "event", say
    const folder = join(root, id);
    const lock = await lockUnlessHeld(folder, id);
    if (lock === undefined) continue;
    return orRelease(lock, async () => {
      const identity = await readIdentity(folder);
      if (identity === undefined) await writeSlot(root, { id });
      return { id: identity?.id ?? id, password: identity?.password, folder, lock };
    });
  }
  throw new IdentityError(`no free slot under ${root}: set NODE_ID`);
}

async function slotFolders(root: string): Promise<string[]> {
  const entries = await readdir(root, { withFileTypes: true });
  const names = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  return names.sort((a, b) => a.localeCompare(b, "en", { numeric: true }));
}

async function lockUnlessHeld(folder: string, id: string): Promise<FolderLock | undefined> {
  try {
    return await lockFolder(folder, `edge ${id}`);
  } catch (error) {
    if (error instanceof FolderHeldError) return undefined;
    throw error;
  }
}

async function orRelease<T>(lock: FolderLock, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    await lock.release();
    throw error;
  }
}

async function readIdentity(folder: string): Promise<Identity | undefined> {
  const file = join(folder, IDENTITY_FILE);
  let content: string;
  try {
    content = await readFile(file, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
  let value: unknown;
  try {
    value = JSON.parse(content);
  } catch (cause) {
    throw new IdentityError(`${file}: expected JSON`, { cause });
  }
  const parsed = identitySchema.safeParse(value);
  checkFormat(
    file,
    parsed.success ? parsed.data.format : (value as { format?: unknown } | null)?.format,
    IDENTITY_FORMAT,
  );
  if (!parsed.success || !parseName("node", parsed.data.id).ok) {
    throw new IdentityError(`${file}: expected {"format":1,"id":"<a node's name>","password":"…"}`);
  }
  const { id, password } = parsed.data;
  return { id, password };
}
