import { mkdir, readFile } from "node:fs/promises";
import { dirname } from "node:path";
import { writeFileAtomic } from "@fieldmesh/runtime";

/** Whose a file is; only root can give files away. */
export interface Owner {
  uid: number;
  gid: number;
}

/** Owner only: Mosquitto 2.1 warns of more, and later versions will refuse. */
const FILE_MODE = 0o600;

/** The file's text, or "" where there is none yet. */
export async function readIfThere(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return "";
    throw error;
  }
}

/** Replaces a file as a whole, for its owner's eyes only. Makes its folder where it is missing. */
export async function writePrivateFile(path: string, text: string, owner?: Owner): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  await writeFileAtomic(path, text, FILE_MODE, owner);
}
