import { ConfigurationError } from "@fieldmesh/runtime";
import { MAX_CLIENTS, MAX_ROLES } from "./bounds.js";
import { described, describeGivenRole, describeRole } from "./describe.js";
import { Directory } from "./directory.js";
import { aclsOf, type Fields, isFields, listOf, nameOf, optionalText, rolesOf, truth } from "./fields.js";
import { keptPassword, passwordFields } from "./passwords.js";
import { byPriority, DEFAULT_KINDS } from "./records.js";

/** The file is not one of the dynamic-security plugin, or has what this broker does not do; code `BROKER_CONTROL_FILE`. */
export class DocumentError extends ConfigurationError {
  override readonly name = "DocumentError";
  override readonly code = "BROKER_CONTROL_FILE";
}

/**
 * Puts what stands in the plugin's file into an empty directory.
 * @throws {DocumentError} that names the file and what is wrong with it
 */
export function readDocument(text: string, directory: Directory, file: string): void {
  try {
    const document: unknown = JSON.parse(text);
    if (!isFields(document)) throw new Error("expected a JSON object");
    fill(directory, document);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new DocumentError(
      `${file}: ${reason}; expected a file of Mosquitto's dynamic-security plugin without groups (DYNAMIC_SECURITY_FILE)`,
      { cause: error },
    );
  }
}

function fill(directory: Directory, document: Fields): void {
  // Not ignored: what a group denies would be open.
  if (Array.isArray(document["groups"]) && document["groups"].length > 0)
    throw new Error("groups are not supported: give their roles to the clients");
  const defaults = document["defaultACLAccess"];
  if (isFields(defaults)) {
    for (const kind of DEFAULT_KINDS) {
      directory.setDefault(kind, truth(defaults, kind, directory.defaults[kind]));
    }
  }
  for (const role of "roles" in document ? listOf(document, "roles", MAX_ROLES) : []) {
    const acls = "acls" in role ? aclsOf(role) : [];
    directory.addRole({ rolename: nameOf(role, "rolename"), ...textsOf(role), acls });
  }
  for (const client of "clients" in document ? listOf(document, "clients", MAX_CLIENTS) : []) {
    const username = nameOf(client, "username");
    directory.addClient({
      username,
      ...textsOf(client),
      clientid: optionalText(client, "clientid"),
      password: keptPassword(username, client),
      disabled: truth(client, "disabled", false),
      roles: "roles" in client ? byPriority(rolesOf(client)) : [],
    });
  }
}

/** The plugin spells these in two ways. */
function textsOf(fields: Fields): { textname: string | undefined; textdescription: string | undefined } {
  return {
    textname: optionalText(fields, "textname") ?? optionalText(fields, "textName"),
    textdescription: optionalText(fields, "textdescription") ?? optionalText(fields, "textDescription"),
  };
}

/** A file with nobody in it and everything closed: what Mosquitto's plugin wants to start with. */
export function emptyDynamicSecurity(): string {
  return writeDocument(new Directory({ onChanged: () => undefined, onRevoked: () => undefined }));
}

/** The directory as the plugin's file: Mosquitto can go on with it. */
export function writeDocument(directory: Directory): string {
  return [...documentParts(directory)].join("");
}

/**
 * The same in small parts, of the directory as it was when the first one was taken: thousands of clients in one go
 * would hold up everybody's messages.
 */
export function* documentParts(directory: Directory): Generator<string> {
  const { defaults } = directory;
  const clients = [...directory.clients.values()];
  const roles = [...directory.roles.values()];
  yield `{\n"defaultACLAccess": ${JSON.stringify(defaults)},\n"clients": [`;
  yield* lines(clients, (client) => ({
    username: client.username,
    ...(client.clientid !== undefined && { clientid: client.clientid }),
    ...described(client),
    ...(client.disabled && { disabled: true }),
    roles: client.roles.map(describeGivenRole),
    ...(client.password !== undefined && passwordFields(client.password)),
  }));
  yield '],\n"groups": [],\n"roles": [';
  yield* lines(roles, describeRole);
  yield "]\n}\n";
}

function* lines<T>(records: readonly T[], describe: (record: T) => Fields): Generator<string> {
  for (const [index, record] of records.entries())
    yield `${index === 0 ? "" : ","}\n${JSON.stringify(describe(record))}`;
}
