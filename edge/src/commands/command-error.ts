/** Why a command is not carried out. Stable: `docs/edge.md` names each, and a test compares the two. */
export const COMMAND_ERRORS = [
  "unknown_command", // no such command
  "bad_args", // an argument is missing or wrong: `field` says which
  "unknown_sensor", // the node has no sensor of that id
  "unknown_rule", // the sensor has no rule of that id
  "not_simulated", // no sensor that can show that fault
  "busy", // too much is asked at once: ask again later
  "failed", // it was tried and went wrong
] as const;

export type CommandErrorCode = (typeof COMMAND_ERRORS)[number];

/** A command that is not carried out, as its reply says it. */
export class CommandError extends Error {
  override readonly name = "CommandError";
  readonly code: string;
  readonly field: string | undefined;

  constructor(code: CommandErrorCode, message: string, field?: string) {
    super(message);
    this.code = code;
    this.field = field;
  }
}
