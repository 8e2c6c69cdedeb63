import { MAX_PASSWORD_BYTES } from "./bounds.js";
import { CommandError } from "./command-error.js";
import { describeClient, describeRole } from "./describe.js";
import type { Directory } from "./directory.js";
import {
  aclOf,
  aclsOf,
  aclTopicOf,
  aclTypeOf,
  type Fields,
  listOf,
  nameOf,
  optionalText,
  rolesOf,
  truth,
  wholeNumber,
} from "./fields.js";
import { passwordEntry } from "./passwords.js";
import { type ClientRecord, DEFAULT_KINDS, NO_PRIORITY, type RoleRecord } from "./records.js";

/** Carries a command out and gives its answer's `data`, if it has any. @throws {CommandError} */
type Run = (directory: Directory, fields: Fields) => Fields | undefined | Promise<undefined>;

interface Command {
  run: Run;
  /** It changes what is kept. */
  changes: boolean;
}

const reads = (run: (directory: Directory, fields: Fields) => Fields): Command => ({ run, changes: false });
const changes = (run: (directory: Directory, fields: Fields) => void | Promise<void>): Command => ({
  run: (directory, fields) => {
    const done = run(directory, fields);
    return done === undefined ? undefined : done.then(() => undefined);
  },
  changes: true,
});

const NO_GROUPS = changes(() => {
  throw new CommandError("Groups are not supported by this broker: give roles to the clients themselves");
});

/** What Mosquitto's dynamic-security plugin is told, by name. */
export const COMMANDS: ReadonlyMap<string, Command> = new Map<string, Command>([
  // ---- Clients ----
  ["createClient", changes(createClient)],
  ["deleteClient", changes((directory, fields) => directory.deleteClient(nameOf(fields, "username")))],
  [
    "enableClient",
    changes((directory, fields) => directory.changeClient(nameOf(fields, "username"), { disabled: false })),
  ],
  [
    "disableClient",
    changes((directory, fields) => directory.changeClient(nameOf(fields, "username"), { disabled: true })),
  ],
  ["modifyClient", changes(modifyClient)],
  ["setClientPassword", changes(setClientPassword)],
  [
    "setClientId",
    changes((directory, fields) =>
      directory.changeClient(nameOf(fields, "username"), { clientid: clientIdOf(fields) }),
    ),
  ],
  [
    "addClientRole",
    changes((directory, fields) =>
      directory.giveRole(nameOf(fields, "username"), {
        rolename: nameOf(fields, "rolename"),
        priority: wholeNumber(fields, "priority", NO_PRIORITY),
      }),
    ),
  ],
  [
    "removeClientRole",
    changes((directory, fields) =>
      directory.takeRole(nameOf(fields, "username"), nameOf(fields, "rolename")),
    ),
  ],
  [
    "getClient",
    reads((directory, fields) => ({ client: describeClient(directory.client(nameOf(fields, "username"))) })),
  ],
  ["listClients", reads((directory, fields) => page(directory.clients, fields, "clients", describeClient))],
  // ---- Roles ----
  [
    "createRole",
    changes((directory, fields) =>
      directory.addRole({
        rolename: nameOf(fields, "rolename"),
        ...textsOf(fields),
        acls: "acls" in fields ? aclsOf(fields) : [],
      }),
    ),
  ],
  [
    "modifyRole",
    changes((directory, fields) =>
      directory.changeRole(nameOf(fields, "rolename"), {
        ...textsOf(fields),
        ...("acls" in fields && { acls: aclsOf(fields) }),
      }),
    ),
  ],
  ["deleteRole", changes((directory, fields) => directory.deleteRole(nameOf(fields, "rolename")))],
  ["addRoleACL", changes((directory, fields) => directory.addAcl(nameOf(fields, "rolename"), aclOf(fields)))],
  [
    "removeRoleACL",
    changes((directory, fields) =>
      directory.removeAcl(nameOf(fields, "rolename"), {
        acltype: aclTypeOf(fields),
        topic: aclTopicOf(fields),
      }),
    ),
  ],
  [
    "getRole",
    reads((directory, fields) => ({ role: describeRole(directory.role(nameOf(fields, "rolename"))) })),
  ],
  ["listRoles", reads((directory, fields) => page(directory.roles, fields, "roles", describeRole))],
  // ---- What holds where no role says anything ----
  [
    "getDefaultACLAccess",
    reads((directory) => ({
      acls: DEFAULT_KINDS.map((acltype) => ({ acltype, allow: directory.defaults[acltype] })),
    })),
  ],
  ["setDefaultACLAccess", changes(setDefaultAccess)],
  // ---- Groups ----
  ["listGroups", reads(() => ({ totalCount: 0, groups: [] }))],
  ...[
    "createGroup",
    "deleteGroup",
    "modifyGroup",
    "getGroup",
    "addGroupClient",
    "removeGroupClient",
    "addGroupRole",
    "removeGroupRole",
    "getAnonymousGroup",
    "setAnonymousGroup",
  ].map((name): [string, Command] => [name, NO_GROUPS]),
]);

async function createClient(directory: Directory, fields: Fields): Promise<void> {
  const username = nameOf(fields, "username");
  refuseGroups(fields);
  const password = passwordOf(fields);
  const client: ClientRecord = {
    username,
    ...textsOf(fields),
    clientid: clientIdOf(fields),
    disabled: truth(fields, "disabled", false),
    roles: "roles" in fields ? rolesOf(fields) : [],
  };
  // Before the hash is computed as well: what is refused should cost nothing.
  if (directory.clients.has(username)) throw new CommandError("Client already exists");
  directory.addClient(
    password === undefined ? client : { ...client, password: await passwordEntry(username, password) },
  );
}

async function modifyClient(directory: Directory, fields: Fields): Promise<void> {
  const username = nameOf(fields, "username");
  refuseGroups(fields);
  const password = passwordOf(fields);
  const changed: Partial<ClientRecord> = {
    ...textsOf(fields),
    ...("clientid" in fields && { clientid: clientIdOf(fields) }),
    ...("disabled" in fields && { disabled: truth(fields, "disabled", false) }),
    ...("roles" in fields && { roles: rolesOf(fields) }),
  };
  directory.client(username);
  directory.changeClient(
    username,
    password === undefined ? changed : { ...changed, password: await passwordEntry(username, password) },
  );
}

async function setClientPassword(directory: Directory, fields: Fields): Promise<void> {
  const username = nameOf(fields, "username");
  const password = passwordOf(fields);
  if (password === undefined) throw new CommandError("Invalid/missing password");
  directory.client(username);
  directory.changeClient(username, { password: await passwordEntry(username, password) });
}

function setDefaultAccess(directory: Directory, fields: Fields): void {
  const wanted = listOf(fields, "acls", DEFAULT_KINDS.length).map((item) => {
    const kind = DEFAULT_KINDS.find((known) => known === item["acltype"]);
    if (kind === undefined) throw new CommandError("Unknown acltype");
    return { kind, allow: truth(item, "allow", false) };
  });
  for (const { kind, allow } of wanted) directory.setDefault(kind, allow);
}

/** An empty one is none: nobody signs in with it. */
function passwordOf(fields: Fields): string | undefined {
  return optionalText(fields, "password", MAX_PASSWORD_BYTES) || undefined;
}

function refuseGroups(fields: Fields): void {
  const groups = fields["groups"];
  if (Array.isArray(groups) && groups.length > 0)
    throw new CommandError("Groups are not supported by this broker: give roles to the clients themselves");
}

/** An empty one is none, as `mosquitto_ctrl dynsec setClientId` sends it. */
function clientIdOf(fields: Fields): string | undefined {
  const clientid = optionalText(fields, "clientid");
  return clientid === "" ? undefined : clientid;
}

function textsOf(fields: Fields): Partial<Pick<RoleRecord, "textname" | "textdescription">> {
  const textname = optionalText(fields, "textname");
  const textdescription = optionalText(fields, "textdescription");
  return {
    ...(textname !== undefined && { textname }),
    ...(textdescription !== undefined && { textdescription }),
  };
}

/** `count` of them from `offset` on (-1 = all), by name, or in full with `verbose`. */
function page<T>(
  all: ReadonlyMap<string, T>,
  fields: Fields,
  key: string,
  describe: (record: T) => Fields,
): Fields {
  const count = wholeNumber(fields, "count", -1);
  const offset = Math.max(0, wholeNumber(fields, "offset", 0));
  // By name, as the plugin's: pages fit together when others come in between.
  const names = [...all.keys()].sort((a, b) => (a < b ? -1 : 1));
  const chosen = names.slice(offset, count < 0 ? all.size : offset + count);
  const verbose = truth(fields, "verbose", false);
  return {
    totalCount: all.size,
    [key]: verbose ? chosen.flatMap((name) => all.get(name) ?? []).map(describe) : chosen,
  };
}
