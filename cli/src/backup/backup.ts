import {
  lockFolder,
  type RawEnvironment,
  readEnvironment,
  type StorageAddress,
  storageAddress,
} from "@fieldmesh/runtime";
import { type BackupCounts, backupStore, restoreStore } from "@fieldmesh/storage";
import { type Terminal, writeJson, writeLine } from "../terminal.js";

export interface BackupOptions {
  json?: true;
}

export interface RestoreOptions extends BackupOptions {
  replace?: true;
}

/** Writes the store that the environment names into a file; what it holds goes to the standard output. */
export async function runBackup(file: string, options: BackupOptions, terminal: Terminal): Promise<void> {
  const counts = await backupStore({ address: storeOf(terminal.env), file, ...words(terminal) });
  await tell(terminal, options, { file, ...counts }, `${file}: ${sentence(counts)}`);
}

/** Writes a backup into the store that the environment names. */
export async function runRestore(file: string, options: RestoreOptions, terminal: Terminal): Promise<void> {
  const { at, engine, counts } = await restoreStore({
    address: storeOf(terminal.env),
    file,
    hold: lockFolder,
    replace: options.replace ?? false,
    ...words(terminal),
  });
  const taken = { taken: at, from: `${engine.name}, ${engine.at}` };
  const text = `restored ${sentence(counts)}, as ${taken.from} had them at ${taken.taken}`;
  await tell(terminal, options, { file, ...taken, ...counts }, text);
}

/** As the services find it: `STORAGE`, else the folders in `DATA_DIR`. */
function storeOf(env: RawEnvironment): StorageAddress {
  const settings = readEnvironment(["DATA_DIR", "STORAGE", "STORAGE_USERNAME", "STORAGE_PASSWORD"], env);
  return storageAddress(settings) ?? { kind: "folder", path: settings.DATA_DIR };
}

function words(terminal: Terminal) {
  return {
    log: { info: () => {}, warn: () => {} },
    progress: (text: string) => void terminal.stderr.write(`${text}\n`),
  };
}

function sentence({ services, documents, streams, readings, rollups }: BackupCounts): string {
  return `${documents} documents and ${streams} streams of ${services} services, with ${readings} readings and ${rollups} rollups`;
}

async function tell(terminal: Terminal, { json }: BackupOptions, value: object, text: string): Promise<void> {
  if (json === true) await writeJson(terminal.stdout, value);
  else await writeLine(terminal.stdout, text);
}
