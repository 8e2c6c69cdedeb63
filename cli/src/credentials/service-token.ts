import { readIfThere, writePrivateFile } from "./private-file.js";
import { generateSecret } from "./secret.js";

/**
 * What the services of one installation show each other, for `SERVICE_TOKEN_FILE`: the same in each of these files.
 * One that is there stays; files that are missing, or differ, get it.
 */
export async function ensureServiceToken(paths: readonly string[]): Promise<void> {
  const there = await Promise.all(paths.map(async (path) => (await readIfThere(path)).trim()));
  const token = there.find((text) => text !== "") ?? `fms_${generateSecret()}${generateSecret()}`;
  for (const [index, path] of paths.entries()) {
    if (there[index] !== token) await writePrivateFile(path, `${token}\n`);
  }
}
