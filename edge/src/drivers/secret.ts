import { readFile } from "node:fs/promises";
import type { Secret } from "../config/fields.js";
import { DriverError, reasonOf } from "./driver.js";

/** Looks a secret up, anew at each use: a file may be changed. The errors name the place, never the secret. */
export async function resolveSecret(secret: Secret, env: NodeJS.ProcessEnv = process.env): Promise<string> {
  const { prefix = "" } = secret;
  if ("env" in secret) {
    const value = env[secret.env];
    if (value === undefined || value === "") throw new DriverError(`the variable ${secret.env} is not set`);
    return prefix + value;
  }
  try {
    return prefix + (await readFile(secret.file, "utf8")).replace(/\r?\n$/, "");
  } catch (cause) {
    throw new DriverError(`cannot read the secret in ${secret.file}: ${reasonOf(cause)}`, { cause });
  }
}
