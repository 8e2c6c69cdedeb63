import { createHash, randomBytes } from "node:crypto";
import { mkdir, readdir, readFile, rm, stat, utimes } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { writeFileAtomic } from "../folder/kept-file.js";

const FORMAT = 1;
/** 256 random bits, base64url. */
const ID = /^[A-Za-z0-9_-]{43}$/;
const FILE = /^[0-9a-f]{64}\.json$/;

/** What is kept of a session. */
export interface Session {
  user: string;
  /** {@link User.fingerprint} when the user signed in. */
  fingerprint: string;
  /** ms since the epoch. */
  createdAt: number;
}

const STORE_FILE = "store.json";
const storeSchema = z.object({ format: z.literal(FORMAT), id: z.string().regex(/^[0-9a-f]{12}$/) });

const sessionSchema = z.object({
  format: z.literal(FORMAT),
  user: z.string(),
  fingerprint: z.string(),
  createdAt: z.number(),
});

export interface SessionLimits {
  /** A session that nobody used for this long is over. */
  idleMs: number;
  /** A session is over after this long in any case. */
  absoluteMs: number;
  /** Beyond it the ones unused for longest are ended. */
  maxSessions: number;
}

/** The time of last use is written at most this often. */
const TOUCH_MS = 60_000;

/**
 * Sessions as files of one folder, `sha256(id).json`, whose time of change is that of last use. So they outlast
 * a restart, are shared by the services of one machine, and signing out is the removal of a file; the id
 * itself is only in the browser.
 */
export class SessionStore {
  readonly #folder: string;
  readonly #limits: SessionLimits;
  readonly #now: () => number;

  constructor(folder: string, limits: SessionLimits, now: () => number) {
    this.#folder = folder;
    this.#limits = limits;
    this.#now = now;
  }

  /**
   * Names this store among those of other services on the same host; services that share the folder share the name.
   * Undefined as long as there was never a session. Read each time, as another service may be the one that gives it.
   */
  async id(): Promise<string | undefined> {
    try {
      const content = await readFile(join(this.#folder, STORE_FILE), "utf8");
      return storeSchema.safeParse(JSON.parse(content)).data?.id;
    } catch (error) {
      if (isAbsent(error) || error instanceof SyntaxError) return undefined;
      throw error;
    }
  }

  /** Begins a session and returns its id, which is a secret. */
  async create(user: string, fingerprint: string): Promise<string> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    if ((await this.id()) === undefined) {
      const named = { format: FORMAT, id: randomBytes(6).toString("hex") };
      await writeFileAtomic(join(this.#folder, STORE_FILE), `${JSON.stringify(named)}\n`, 0o600);
    }
    const id = randomBytes(32).toString("base64url");
    const session = { format: FORMAT, user, fingerprint, createdAt: this.#now() };
    const file = this.#fileOf(id);
    await writeFileAtomic(file, `${JSON.stringify(session)}\n`, 0o600);
    await this.#use(file);
    return id;
  }

  /** The session of this id if it is not over, and notes that it was used. */
  async find(id: string): Promise<Session | undefined> {
    if (!ID.test(id)) return undefined;
    const file = this.#fileOf(id);
    const found = await this.#read(file);
    if (found === undefined) return undefined;
    const { session, usedAt } = found;
    if (this.#isOver(session, usedAt)) {
      await rm(file, { force: true });
      return undefined;
    }
    if (this.#now() - usedAt > TOUCH_MS) await this.#use(file);
    return session;
  }

  async remove(id: string): Promise<void> {
    if (ID.test(id)) await rm(this.#fileOf(id), { force: true });
  }

  /** Removes sessions that are over, and the ones unused for longest beyond the bound. */
  async purge(): Promise<void> {
    const kept: { file: string; usedAt: number }[] = [];
    for (const name of await this.#files()) {
      const file = join(this.#folder, name);
      const found = await this.#read(file);
      if (found === undefined || this.#isOver(found.session, found.usedAt)) await rm(file, { force: true });
      else kept.push({ file, usedAt: found.usedAt });
    }
    kept.sort((a, b) => b.usedAt - a.usedAt);
    for (const { file } of kept.slice(this.#limits.maxSessions)) await rm(file, { force: true });
  }

  async count(): Promise<number> {
    return (await this.#files()).length;
  }

  async #files(): Promise<string[]> {
    try {
      return (await readdir(this.#folder)).filter((name) => FILE.test(name));
    } catch (error) {
      if (isAbsent(error)) return [];
      throw error;
    }
  }

  #isOver(session: Session, usedAt: number): boolean {
    const now = this.#now();
    return now - usedAt >= this.#limits.idleMs || now - session.createdAt >= this.#limits.absoluteMs;
  }

  async #use(file: string): Promise<void> {
    const seconds = this.#now() / 1_000;
    await utimes(file, seconds, seconds).catch((error: unknown) => {
      if (!isAbsent(error)) throw error; // signed out meanwhile
    });
  }

  async #read(file: string): Promise<{ session: Session; usedAt: number } | undefined> {
    try {
      const [content, { mtimeMs }] = await Promise.all([readFile(file, "utf8"), stat(file)]);
      const parsed = sessionSchema.safeParse(JSON.parse(content));
      return parsed.success ? { session: parsed.data, usedAt: mtimeMs } : undefined;
    } catch (error) {
      if (isAbsent(error) || error instanceof SyntaxError) return undefined;
      throw error;
    }
  }

  #fileOf(id: string): string {
    return join(this.#folder, `${createHash("sha256").update(id).digest("hex")}.json`);
  }
}

function isAbsent(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOENT";
}
