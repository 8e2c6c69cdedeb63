import { Command, CommanderError } from "commander";
import { isHelpOrVersion } from "./command.js";
import { auditCommand } from "./commands/audit.js";
import { backupCommands } from "./commands/backup.js";
import { healthCommand, setupCommand } from "./commands/container.js";
import { credentialsCommand } from "./commands/credentials.js";
import { meshCommand } from "./commands/mesh.js";
import { nodeCommand, simulateCommand } from "./commands/node.js";
import { pubCommand } from "./commands/pub.js";
import { serviceCommands } from "./commands/services.js";
import { startCommand } from "./commands/start.js";
import { subCommand } from "./commands/sub.js";
import { usersCommand } from "./commands/users.js";
import { readVersion, versionCommand } from "./commands/version.js";
import { describeError, EXIT, exitCodeOf } from "./exit.js";
import { processTerminal, type Terminal } from "./terminal.js";

/** Every command with its options. `setExitCode` is for those that end otherwise than by failing. */
export function buildProgram(terminal: Terminal, setExitCode: (code: number) => void): Command {
  const program = new Command("fieldmesh")
    .description("From sensors to a live dashboard: run it, look into it, look after it.")
    .helpOption("--help", "show this help")
    .version(readVersion(), "--version", "print the version")
    .showHelpAfterError("(run `fieldmesh --help` for all commands)")
    .exitOverride()
    .configureOutput({
      writeOut: (text) => terminal.stdout.write(text),
      writeErr: (text) => terminal.stderr.write(text),
    });
  const commands = [
    startCommand(terminal, setExitCode),
    ...serviceCommands(terminal),
    pubCommand(terminal),
    subCommand(terminal, setExitCode),
    simulateCommand(terminal),
    nodeCommand(terminal),
    credentialsCommand(terminal),
    usersCommand(terminal),
    meshCommand(terminal, setExitCode),
    auditCommand(terminal, setExitCode),
    ...backupCommands(terminal),
    setupCommand(terminal),
    healthCommand(terminal),
    versionCommand(terminal),
  ];
  for (const command of commands) program.addCommand(command);
  return program;
}

/**
 * Runs one command line, without the leading `node fieldmesh`, and returns its exit code: 0, 1 when it did not work,
 * 2 when it was asked wrongly.
 */
export async function runCommand(
  args: readonly string[],
  terminal: Terminal = processTerminal(),
): Promise<number> {
  let code: number = EXIT.ok;
  const program = buildProgram(terminal, (next) => {
    code = next;
  });
  try {
    await program.parseAsync([...args], { from: "user" });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return isHelpOrVersion(error) ? EXIT.ok : EXIT.usage;
    if (isClosedPipe(error)) return EXIT.ok; // `fieldmesh sub … | head -1`: the reader has enough
    terminal.stderr.write(`fieldmesh: ${describeError(error)}\n`);
    return exitCodeOf(error);
  }
}

function isClosedPipe(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "EPIPE";
}
