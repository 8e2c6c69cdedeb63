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
    .exitOverride()
    .configureOutput({
      writeOut: (text) => terminal.stdout.write(text),
      writeErr: (text) => terminal.stderr.write(text),
      // Not showHelpAfterError: a command does not know yet here below which other one it will stand.
      outputError: (text, write) =>
        write(`${text}(run \`${wordsOf(command)} --help\` for its options and examples)\n`),
    });
  if (examples.length > 0) {
    command.addHelpText("after", `\nExamples:\n${examples.map((example) => `  ${example}`).join("\n")}`);
  }
  return command;
}

/** As it is called: `fieldmesh users add`. */
function wordsOf(command: Command): string {
  const { parent } = command;
  return parent === null ? command.name() : `${wordsOf(parent)} ${command.name()}`;
}

/** Commander's way of ending: `--help` and `--version` are not failures, everything else is wrong use. */
export function isHelpOrVersion(error: CommanderError): boolean {
  return error.code === "commander.helpDisplayed" || error.code === "commander.version";
}

export { CommanderError };
