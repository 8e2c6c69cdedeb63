import { readFile } from "node:fs/promises";
import { ConfigurationError } from "@fieldmesh/runtime";
import type { Secret } from "./fields.js";

/** A secret that the configuration refers to is not there. */
export class SecretError extends ConfigurationError {
  override readonly name = "SecretError";
  override readonly code = "secret_missing";

  constructor(field: string, secret: Secret, why: string, options?: ErrorOptions) {
    const from = "env" in secret ? `the variable ${secret.env}` : `the file ${secret.file}`;
    super(`${field}: ${from} ${why}`, options);
  }
}

/**
 * The value of a secret: from its variable, or from its file without the last line break.
 * @throws SecretError when there is none, or it is empty. The message never holds the value.
 */
export async function readSecret(
  field: string,
  secret: Secret,
  env: Readonly<Record<string, string | undefined>>,
): Promise<string> {
  let value: string | undefined;
  if ("env" in secret) value = env[secret.env];
  else {
    try {
      value = (await readFile(secret.file, "utf8")).replace(/\r?\n$/, "");
    } catch (cause) {
      throw new SecretError(field, secret, "cannot be read", { cause });
    }
  }
  if (value === undefined || value === "") throw new SecretError(field, secret, "is empty or not set");
  return value;
}
