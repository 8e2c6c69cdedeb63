import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { open } from "lmdb";
import type { Engine } from "../collection.js";
import { StorageError } from "../errors.js";
import { openLmdbSeries } from "../lmdb/lmdb-series.js";
import { type HeldFolder, type HoldFolder, openLmdbStorage } from "../lmdb/lmdb-storage.js";
import { lmdbVersion } from "../lmdb/lmdb-version.js";
import { OpenPart, type ServicePart, type StorePlace } from "./store-place.js";

const DOCUMENTS = "store.mdb";
const SERIES = join("series", "series.mdb");
const FILES = [DOCUMENTS, SERIES];
/** More than any store has. */
const MAX_DATABASES = 256;

/** What is opened here is claimed, or a copy of our own. */
const HELD: HoldFolder = () => Promise.resolve({ release: () => Promise.resolve() });

/** A folder with a folder for each service. */
export class FolderPlace implements StorePlace {
  readonly engine: Engine;
  readonly #folder: string;
  readonly #hold: HoldFolder;
  readonly #scratch: string;

  /** @param scratch where a running service's part is copied to before it is read: as much room as it has data */
  constructor(folder: string, hold: HoldFolder, scratch = tmpdir()) {
    this.engine = { name: "LMDB", version: lmdbVersion(), at: folder };
    this.#folder = folder;
    this.#hold = hold;
    this.#scratch = scratch;
  }

  async services(): Promise<string[]> {
    if (!existsSync(this.#folder)) return [];
    const entries = await readdir(this.#folder, { withFileTypes: true });
    const names = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
    return names.filter((name) => FILES.some((file) => existsSync(join(this.#folder, name, file)))).sort();
  }

  /**
   * LMDB copies a moment of each of the two environments while another process writes them. Documents first: what
   * the series have beyond a service's checkpoint is what it finds after a crash, too.
   */
  async read(service: string): Promise<ServicePart> {
    const copy = await mkdtemp(join(this.#scratch, "fieldmesh-backup-"));
    const remove = () => rm(copy, { recursive: true, force: true });
    try {
      for (const file of FILES) await copyMoment(join(this.#folder, service, file), join(copy, file));
      return await openPart(copy, service, remove);
    } catch (error) {
      await remove();
      throw error;
    }
  }

  async claim(services: readonly string[]): Promise<() => Promise<void>> {
    const held: HeldFolder[] = [];
    const release = async () => {
      for (const folder of held.splice(0)) await folder.release();
    };
    try {
      for (const service of services) held.push(await this.#hold(join(this.#folder, service), "restore"));
      return release;
    } catch (error) {
      await release();
      throw error;
    }
  }

  write(service: string): Promise<ServicePart> {
    return openPart(join(this.#folder, service), service);
  }

  async clear(service: string): Promise<void> {
    const folder = join(this.#folder, service);
    await rm(join(folder, dirname(SERIES)), { recursive: true, force: true });
    for (const file of [DOCUMENTS, `${DOCUMENTS}-lock`]) await rm(join(folder, file), { force: true });
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

async function copyMoment(from: string, to: string): Promise<void> {
  if (!existsSync(from)) return;
  await mkdir(dirname(to), { recursive: true });
  try {
    const environment = open({ path: from, readOnly: true, maxDbs: MAX_DATABASES });
    try {
      await environment.backup(to, true);
    } finally {
      await environment.close();
    }
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new StorageError(`${from} cannot be copied to ${to}: ${reason}`, { cause });
  }
}

async function openPart(folder: string, service: string, closed?: () => Promise<void>): Promise<ServicePart> {
  const storage = await openLmdbStorage(folder, `backup of ${service}`, HELD);
  try {
    const series = await openLmdbSeries(join(folder, dirname(SERIES)), `backup of ${service}`, undefined);
    return new OpenPart(storage, series, closed);
  } catch (error) {
    await storage.close();
    throw error;
  }
}
