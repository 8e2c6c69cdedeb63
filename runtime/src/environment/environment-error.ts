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

  constructor(variable: string, value: string | undefined, expected: string, options?: ErrorOptions) {
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
