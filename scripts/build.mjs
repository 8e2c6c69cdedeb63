// Builds every package (TypeScript) and the web app (Vite). `--types` also checks the tests' types.
import { spawnSync } from "node:child_process";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { markBuilt } from "./built.mjs";

/** @param {string} command @param {string[]} args */
function run(command, args) {
  const { status } = spawnSync(command, args, { stdio: "inherit" });
  if (status !== 0) process.exit(status ?? 1);
}

const startedAt = new Date();
const tests = process.argv.includes("--types");
run("npx", ["--no-install", "tsc", "-b", "tsconfig.json", ...(tests ? ["tsconfig.test.json"] : [])]);
run("npx", ["--no-install", "vite", "build", "--logLevel", "warn", "dashboard/web"]);
markBuilt(dirname(dirname(fileURLToPath(import.meta.url))), startedAt);
