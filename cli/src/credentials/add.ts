import { FailureError, UsageError } from "../exit.js";
import { readSecret } from "../secret-input.js";
import { type Terminal, writeJson, writeLine } from "../terminal.js";
import { type Added, addCredentials, type CredentialFiles } from "./credentials.js";
import { credentialFiles, type FileOptions } from "./paths.js";
import type { CredentialRequest } from "./request.js";

export interface AddArguments extends FileOptions {
  role: CredentialRequest["role"];
  domain?: string[];
  node?: string;
  renew?: boolean;
  passwordStdin?: boolean;
  url?: string;
  /** Path on the device of the certificates that the broker's is checked against. */
  ca?: string;
  json?: boolean;
}

/** `credentials add`: the lines for the device go to the standard output, words for people to the standard error. */
export async function runAdd(user: string, options: AddArguments, terminal: Terminal): Promise<void> {
  const files = credentialFiles(options, terminal);
  const domains = options.domain ?? (options.role === "service" ? [] : ["env"]);
  const password = options.passwordStdin ? await readSecret(terminal.stdin) : undefined;
  if (password === "") throw new UsageError("the password on the standard input is empty");
  const [added] = await addCredentials(files, [
    {
      user,
      role: options.role,
      domains,
      node: options.node,
      renew: options.renew ?? false,
      ...(password === undefined ? {} : { password }),
    },
  ]);
  if (added === undefined) throw new FailureError(`could not add ${user}`);
  if (options.json) return writeJson(terminal.stdout, added);
  await writeLine(terminal.stdout, deviceLines(added, options, password !== undefined).join("\n"));
  terminal.stderr.write(`${outcome(added, password !== undefined)}\n${whereWritten(files, terminal)}\n`);
}

function whereWritten({ passwordFile, aclFile }: CredentialFiles, terminal: Terminal): string {
  const written = `written: ${passwordFile}, ${aclFile}`;
  if ((terminal.env["PASSWORD_FILE"] ?? "") !== "") return written;
  return `${written}; a broker reads them when it is started with PASSWORD_FILE and ACL_FILE set to these`;
}

function outcome({ user, password }: Added, passwordGiven: boolean): string {
  if (password === undefined) return `${user} was there and keeps its password (--renew makes a new one)`;
  return passwordGiven ? `added ${user}` : `added ${user}; its password is shown this once`;
}

/** An env file: for `fieldmesh edge --settings`, systemd's EnvironmentFile= and `docker run --env-file`. */
function deviceLines(
  added: Added,
  { url, ca }: Pick<AddArguments, "url" | "ca">,
  passwordGiven: boolean,
): string[] {
  const lines = [url === undefined ? "# MQTT_URL=mqtts://<the broker's host>:8883" : `MQTT_URL=${url}`];
  if (ca !== undefined) lines.push(`MQTT_CA=${ca}`);
  lines.push(`MQTT_USERNAME=${added.user}`);
  // One that a person chose is known to them, and may hold what an env file would have to quote.
  if (passwordGiven) lines.push("# MQTT_PASSWORD=<the one given>");
  else if (added.password === undefined) lines.push("# MQTT_PASSWORD=<as before>");
  else lines.push(`MQTT_PASSWORD=${added.password}`);
  const [domain] = added.domains;
  if (added.node !== undefined) lines.push(`DOMAIN=${domain ?? "env"}`, `NODE_ID=${added.node}`);
  return lines;
}
