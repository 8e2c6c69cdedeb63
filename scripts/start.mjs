// `npm start`: builds when needed, then runs `fieldmesh start` in this process.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { whyStale } from "./built.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  console.error(
    `Fieldmesh needs Node.js 20.19 or later; this is ${process.versions.node}. See https://nodejs.org`,
  );
  process.exit(2);
}
if (!existsSync(join(root, "node_modules", "typescript"))) {
  console.error("Fieldmesh is not installed yet: run `npm install` first.");
  process.exit(2);
}
const why = whyStale(root);
if (why !== undefined) {
  console.log(`Building Fieldmesh, as ${why}…`);
  const { status } = spawnSync(process.execPath, [join(root, "scripts", "build.mjs")], {
    cwd: root,
    stdio: "inherit",
  });
  if (status !== 0) {
    console.error("The build failed; what to mend stands above.");
    process.exit(1);
  }
}
const { main } = await import("../cli/dist/main.js");
await main(["start", ...process.argv.slice(2)]);
