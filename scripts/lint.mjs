// Format, lint, promise rules, the house's import rules and unused code, in one verdict.
import { spawnSync } from "node:child_process";

const checks = [
  ["biome", "check", "--error-on-warnings", "."],
  ["oxlint", "--type-aware", "--deny-warnings"],
  ["knip"],
];
let failed = 0;
for (const [tool, ...args] of checks) {
  const { status } = spawnSync("npx", ["--no-install", tool, ...args], { stdio: "inherit" });
  if (status !== 0) failed += 1;
}
process.exit(failed === 0 ? 0 : 1);
