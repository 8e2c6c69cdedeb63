/** What the command's exit code says. Services add their own (75: start me again; see runtime). */
export const EXIT = {
  ok: 0,
  /** It was asked rightly and did not work: no broker, a refused command, a lost reading. */
  failure: 1,
  /** It was asked wrongly: an unknown option, a name outside the grammar, a malformed setting. */
  usage: 2,
} as const;

/** Ends the command with code 2; the message says what to write instead. */
export class UsageError extends Error {
  override readonly name = "UsageError";
  readonly code = "cli_usage";
}

/** Ends the command with code 1; the message says what went wrong and what to do. */
export class FailureError extends Error {
  override readonly name = "FailureError";
  readonly code = "cli_failure";
}

/** Codes of errors from other rooms that mean "asked wrongly". */
const USAGE_CODES: ReadonlySet<string> = new Set([
  "cli_usage",
  "config_file",
  "configuration",
  "environment",
  "broker_address",
  "BROKER_ACL_BLOCK",
  "BROKER_FILE_FORMAT",
]);

/** Exit code of an error that reached the top. */
export function exitCodeOf(error: unknown): number {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  return typeof code === "string" && USAGE_CODES.has(code) ? EXIT.usage : EXIT.failure;
}

/** The message of an error and of what caused it, one line each. */
export function describeError(error: unknown): string {
  const lines: string[] = [];
  for (let at: unknown = error; at !== undefined && lines.length < 4; ) {
    const message = at instanceof Error ? at.message : JSON.stringify(at);
    if (message !== undefined && message !== "" && !lines.some((line) => line.includes(message)))
      lines.push(message);
    at = at instanceof Error ? at.cause : undefined;
  }
  return lines.join("\n  ");
}
