// Builds, then measures: npm run bench -- [name ...] [--quick] [--docs]
import { spawnSync } from "node:child_process";

const build = spawnSync("node", ["scripts/build.mjs"], { stdio: "inherit" });
if (build.status !== 0) process.exit(build.status ?? 1);
const bench = spawnSync("node", ["bench/dist/main.js", ...process.argv.slice(2)], { stdio: "inherit" });
process.exit(bench.status ?? 1);
