import { Command, CommanderError } from "commander";
import type { Terminal } from "./terminal.js";

/**
 * A command whose output, help and errors go to the terminal given. Examples stand under its help, since an example
 * is what people copy.
 */
export function newCommand(
  name: string,
  description: string,
  terminal: Terminal,
  examples: string[],
): Command {
  const command = new Command(name)
    .description(description)
    .helpOption("--help", "show this help")
    .showHelpAfterError(`(run \`fieldmesh ${name} --help\` for its options and examples)`)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => terminal.stdout.write(text),
      writeErr: (text) => terminal.stderr.write(text),
    });
  if (examples.length > 0) {
    command.addHelpText("after", `\nExamples:\n${examples.map((example) => `  ${example}`).join("\n")}`);
  }
  return command;
}

/** Commander's way of ending: `--help` and `--version` are not failures, everything else is wrong use. */
export function isHelpOrVersion(error: CommanderError): boolean {
  return error.code === "commander.helpDisplayed" || error.code === "commander.version";
}

export { CommanderError };
