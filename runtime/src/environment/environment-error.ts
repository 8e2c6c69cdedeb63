/**
 * A setting is missing or malformed. The message names the variable, the value (never a secret's) and what
 * is expected; the process ends with exit code 2.
 */
export class EnvironmentError extends Error {
  override readonly name = "EnvironmentError";
  readonly code = "environment";
  /** Name of the variable. */
  readonly variable: string;
  /** The value as it may be shown; undefined when it was not set. */
  readonly value: string | undefined;
  readonly expected: string;

  constructor(variable: string, given: string | undefined, expected: string, options?: ErrorOptions) {
    const value = given === undefined ? undefined : withoutPassword(given);
    super(
      `${variable}${value === undefined ? " is not set" : `=${quoted(value)}`}: expected ${expected}`,
      options,
    );
    this.variable = variable;
    this.value = value;
    this.expected = expected;
  }
}

function quoted(value: string): string {
  return JSON.stringify(value.length > 120 ? `${value.slice(0, 117)}...` : value);
}

/** An address may hold a password, which must not go on into a log. */
function withoutPassword(value: string): string {
  return value.replace(/(:\/\/[^:@/\s]*):[^/\s]*@/g, "$1:(hidden)@");
}
