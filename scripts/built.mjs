// Says whether the built files are there and newer than what they are built from.
import { readdirSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Every package, in the order in which they need one another; each with what it leaves when it is built. */
const PACKAGES = [
  ["protocol", "dist/index.js"],
  ["runtime", "dist/index.js"],
  ["storage", "dist/index.js"],
  ["broker", "dist/index.js"],
  ["edge", "dist/index.js"],
  ["dashboard/web", "dist/app/index.html"],
  ["dashboard/server", "dist/index.js"],
  ["cli", "dist/main.js"],
];

/** @param {string} root */
function markFile(root) {
  return join(root, "node_modules", ".fieldmesh-built");
}

/**
 * Remembers when a build began that has succeeded: a source that changed while it ran is newer than that.
 * @param {string} root folder of the checkout
 * @param {Date} startedAt
 */
export function markBuilt(root, startedAt) {
  writeFileSync(markFile(root), "");
  utimesSync(markFile(root), startedAt, startedAt);
}

/**
 * Why a build is needed, in words, or undefined. Compares the newest source with the mark of the last build, since
 * the compiler does not touch what comes out the same.
 * @param {string} root folder of the checkout
 */
export function whyStale(root) {
  const mark = modified(markFile(root)) ?? 0;
  for (const [name, built] of PACKAGES) {
    const folder = join(root, name);
    if (modified(join(folder, built)) === undefined) return "it is not built yet";
    const source = newestOf(folder);
    if (source.at > mark) return `${source.file.slice(root.length + 1)} has changed since the last build`;
  }
  return undefined;
}

/** @param {string} file */
function modified(file) {
  return statSync(file, { throwIfNoEntry: false })?.mtimeMs;
}

/** @param {string} folder */
function newestOf(folder) {
  let newest = { file: folder, at: 0 };
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (entry.name === "dist" || entry.name === "node_modules" || entry.name.startsWith(".")) continue;
    if (/\.test\.tsx?$/.test(entry.name)) continue; // tests are not built into it
    const path = join(folder, entry.name);
    const found = entry.isDirectory() ? newestOf(path) : { file: path, at: modified(path) ?? 0 };
    if (found.at > newest.at) newest = found;
  }
  return newest;
}
