// First: `fieldmesh broker` runs in this process, and a library that is loaded already cannot be silenced.
import "@fieldmesh/broker/quiet-debug";
import { runCommand } from "./program.js";

/** The process of `fieldmesh`: one command line, then its exit code. Services end the process themselves. */
export async function main(args: readonly string[]): Promise<void> {
  // Whoever reads our output may leave; a command that writes again learns it from the write itself.
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
  });
  process.exitCode = await runCommand(args);
}
