import { addCredentials, type CredentialFiles, listCredentials } from "./credentials.js";
import { type Owner, readIfThere, writePrivateFile } from "./private-file.js";

/**
 * A user of role `service` whose password lies in a file of its own, for `MQTT_PASSWORD_FILE`. Made where either is
 * missing; a password that is there stays.
 * @returns true when it was made
 */
export async function ensureServiceCredential(
  files: CredentialFiles,
  user: string,
  passwordPath: string,
  owner?: Owner,
): Promise<boolean> {
  const known = (await listCredentials(files)).some((listed) => listed.user === user);
  if (known && (await readIfThere(passwordPath)) !== "") return false;
  const [added] = await addCredentials(files, [{ user, role: "service", domains: [], renew: true }]);
  await writePrivateFile(passwordPath, `${added?.password ?? ""}\n`, owner);
  return true;
}
