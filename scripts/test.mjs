// Lint, types, then the tests. `--faults` runs the full fault matrix instead.
import { spawnSync } from "node:child_process";

/** @param {string} command @param {string[]} args @param {NodeJS.ProcessEnv} [env] */
function run(command, args, env = process.env) {
  const { status } = spawnSync(command, args, { stdio: "inherit", env });
  if (status !== 0) process.exit(status ?? 1);
}

const rest = process.argv.slice(2).filter((word) => word !== "--faults");
run("node", ["scripts/build.mjs", "--types"]);
if (process.argv.includes("--faults")) {
  run("npx", ["--no-install", "vitest", "run", "--project", "faults", ...rest], {
    ...process.env,
    FAULTS: "full",
  });
} else {
  run("node", ["scripts/lint.mjs"]);
  run("npx", ["--no-install", "vitest", "run", ...rest]);
}
