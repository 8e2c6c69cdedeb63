/** A command that is not carried out; its message is the `error` of the answer, in the plugin's words where it has some. */
export class CommandError extends Error {
  override readonly name = "CommandError";
  readonly code = "BROKER_CONTROL_COMMAND";
}
