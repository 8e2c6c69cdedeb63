import { readSecret, type Secret } from "@fieldmesh/runtime/config-file/secret";
import { DriverError, reasonOf } from "./driver.js";

/** Looks a secret up, anew at each use. @throws DriverError naming its place, never the secret. */
export async function resolveSecret(secret: Secret, env: NodeJS.ProcessEnv = process.env): Promise<string> {
  try {
    return await readSecret(secret, env);
  } catch (cause) {
    throw new DriverError(reasonOf(cause), { cause });
  }
}
