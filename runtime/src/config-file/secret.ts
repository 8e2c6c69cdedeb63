import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { ConfigurationError } from "../process/exit.js";

/**
 * A password or token, by reference: from a variable, or from a file (its last line break taken off). `prefix`
 * goes before it, as `Bearer ` does in a header.
 */
export type Secret = ({ env: string } | { file: string }) & { prefix?: string | undefined };

/** A secret that a configuration refers to is not there. */
export class SecretError extends ConfigurationError {
  override readonly name = "SecretError";
  override readonly code = "secret_missing";

  constructor(secret: Secret, why: string, options?: ErrorOptions) {
    const from = "env" in secret ? `the variable ${secret.env}` : `the file ${secret.file}`;
    super(`${from} ${why}`, options);
  }
}

/**
 * Looks a secret up, anew at each call: a file may be changed.
 * @param folder what a relative path starts from; the working directory by default
 * @throws SecretError when there is none, or it is empty. The message names the place, never the secret.
 */
export async function readSecret(
  secret: Secret,
  env: Readonly<Record<string, string | undefined>>,
  folder = ".",
): Promise<string> {
  const { prefix = "" } = secret;
  let value: string | undefined;
  if ("env" in secret) value = env[secret.env];
  else {
    try {
      value = (await readFile(resolve(folder, secret.file), "utf8")).replace(/\r?\n$/, "");
    } catch (cause) {
      const why = cause instanceof Error && "code" in cause ? String(cause.code) : String(cause);
      throw new SecretError(secret, `cannot be read (${why})`, { cause });
    }
  }
  if (value === undefined || value === "") {
    throw new SecretError(secret, "env" in secret ? "is not set" : "is empty");
  }
  return prefix + value;
}
