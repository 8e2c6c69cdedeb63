#!/usr/bin/env node
// The command is built TypeScript: say how to build it where it is not.
import { existsSync } from "node:fs";

const main = new URL("../dist/main.js", import.meta.url);
if (existsSync(main)) {
  const { main: run } = await import(main.href);
  await run(process.argv.slice(2));
} else {
  process.stderr.write("fieldmesh is not built yet: run `npm run build` in its folder.\n");
  process.exitCode = 2;
}
