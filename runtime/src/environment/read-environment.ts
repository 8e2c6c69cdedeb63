import { readFileSync } from "node:fs";
import { EnvironmentError } from "./environment-error.js";
import { Unexpected } from "./parsers.js";
import { type Environment, VARIABLES, type Variable, type VariableName } from "./variables.js";

/** Variables as the process got them. */
export type RawEnvironment = Readonly<Record<string, string | undefined>>;

/**
 * Reads the named variables: each its parsed value, its default, or undefined. An empty value counts as not
 * set, which is how compose files pass on what they do not have.
 * @throws EnvironmentError naming the first that is malformed, its value and what is expected.
 */
export function readEnvironment<const N extends VariableName>(
  names: readonly N[],
  env: RawEnvironment = process.env,
): Pick<Environment, N> {
  const values: Partial<Record<VariableName, unknown>> = {};
  for (const name of names) values[name] = readVariable(name, VARIABLES[name], env);
  return values as Pick<Environment, N>;
}

function readVariable(name: string, variable: Variable<unknown>, env: RawEnvironment): unknown {
  const raw = variable.secret ? readSecret(name, env) : present(env[name]);
  const value =
    raw ?? variable.default?.replace("$DATA_DIR", () => readEnvironment(["DATA_DIR"], env).DATA_DIR);
  if (value === undefined) return undefined;
  try {
    return variable.parse(value);
  } catch (cause) {
    if (!(cause instanceof Unexpected)) throw cause;
    throw new EnvironmentError(name, variable.secret ? "(secret)" : value, cause.message, { cause });
  }
}

function readSecret(name: string, env: RawEnvironment): string | undefined {
  const value = present(env[name]);
  const file = present(env[`${name}_FILE`]);
  if (file === undefined) return value;
  if (value !== undefined) {
    throw new EnvironmentError(`${name}_FILE`, file, `only one of ${name} and ${name}_FILE`);
  }
  try {
    return readFileSync(file, "utf8").replace(/\r?\n$/, "");
  } catch (cause) {
    throw new EnvironmentError(`${name}_FILE`, file, "a file that can be read", { cause });
  }
}

function present(value: string | undefined): string | undefined {
  return value === undefined || value.trim() === "" ? undefined : value;
}
