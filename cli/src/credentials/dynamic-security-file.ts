import { chown } from "node:fs/promises";
import { dirname } from "node:path";
import { emptyDynamicSecurity } from "@fieldmesh/broker";
import { type Owner, readIfThere, writePrivateFile } from "./private-file.js";

/**
 * Makes the file that Mosquitto's dynamic-security plugin does not start without: nobody in it, everything closed. One
 * that is there stays, since a broker may be writing it; it and its folder go to the broker's user, which replaces it.
 */
export async function ensureDynamicSecurityFile(path: string, owner?: Owner): Promise<void> {
  if ((await readIfThere(path)) === "") await writePrivateFile(path, emptyDynamicSecurity(), owner);
  if (owner === undefined || process.getuid?.() !== 0) return;
  for (const each of [dirname(path), path]) await chown(each, owner.uid, owner.gid);
}
