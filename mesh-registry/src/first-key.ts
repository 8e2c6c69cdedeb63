import { join } from "node:path";
import { type Log, writeFileAtomic } from "@fieldmesh/runtime";
import type { Keys } from "./store/api-keys.js";

const FILE = "first-key";

/**
 * Makes the first API key at the first start, for an administrator, in a file that only the owner of this process
 * reads.
 */
export async function writeFirstKey(keys: Pick<Keys, "first">, folder: string, log: Log): Promise<void> {
  const file = join(folder, FILE);
  await keys.first(async (key) => {
    await writeFileAtomic(file, `${key}\n`, 0o600);
    log.info({ file }, `the first API key is in ${file}`);
  });
}
