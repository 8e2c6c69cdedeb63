import { MAX_ACLS, MAX_ACLS_OF_A_ROLE, MAX_CLIENTS, MAX_ROLES, MAX_ROLES_OF_A_CLIENT } from "./bounds.js";
import { CommandError } from "./command-error.js";
import {
  byPriority,
  type ClientRecord,
  type DefaultAccess,
  type DefaultKind,
  type GivenRole,
  type RoleAcl,
  type RoleRecord,
} from "./records.js";

/** Closed: a client may do what a role of it allows. UNSUBSCRIBE cannot be refused in MQTT 3.1.1. */
const CLOSED: DefaultAccess = {
  publishClientSend: false,
  publishClientReceive: false,
  subscribe: false,
  unsubscribe: true,
};

export interface DirectoryEvents {
  /** Answers about topics may have changed. */
  onChanged(): void;
  /** Connections of this user must end now. */
  onRevoked(username: string): void;
}

/**
 * Clients, their roles, and what each role allows. Every change is whole or not made, and takes effect at once; those
 * after which the plugin disconnects a client do so here as well.
 */
export class Directory {
  readonly #events: DirectoryEvents;
  readonly #clients = new Map<string, ClientRecord>();
  readonly #roles = new Map<string, RoleRecord>();
  #defaults: DefaultAccess = CLOSED;
  #acls = 0;

  constructor(events: DirectoryEvents) {
    this.#events = events;
  }

  get clients(): ReadonlyMap<string, ClientRecord> {
    return this.#clients;
  }

  get roles(): ReadonlyMap<string, RoleRecord> {
    return this.#roles;
  }

  get defaults(): DefaultAccess {
    return this.#defaults;
  }

  setDefault(kind: DefaultKind, allow: boolean): void {
    this.#defaults = { ...this.#defaults, [kind]: allow };
    this.#events.onChanged();
  }

  /** @throws {CommandError} */
  client(username: string): ClientRecord {
    const found = this.#clients.get(username);
    if (found === undefined) throw new CommandError("Client not found");
    return found;
  }

  /** @throws {CommandError} */
  role(rolename: string): RoleRecord {
    const found = this.#roles.get(rolename);
    if (found === undefined) throw new CommandError("Role not found");
    return found;
  }

  /** @throws {CommandError} when it is there already, a role is not, or there are too many */
  addClient(client: ClientRecord): void {
    if (this.#clients.has(client.username)) throw new CommandError("Client already exists");
    if (this.#clients.size >= MAX_CLIENTS) throw new CommandError(`Too many clients: at most ${MAX_CLIENTS}`);
    this.#setClient(client);
  }

  /** @throws {CommandError} when it, or a role, is not there */
  changeClient(username: string, changes: Partial<ClientRecord>): void {
    this.#setClient({ ...this.client(username), ...changes });
  }

  /** @throws {CommandError} when it is not there */
  deleteClient(username: string): void {
    this.client(username);
    this.#clients.delete(username);
    this.#revoked(username);
  }

  #setClient(client: ClientRecord): void {
    for (const { rolename } of client.roles) this.role(rolename);
    if (client.roles.length > MAX_ROLES_OF_A_CLIENT)
      throw new CommandError(`Too many roles of the client: at most ${MAX_ROLES_OF_A_CLIENT}`);
    this.#clients.set(client.username, client);
    this.#revoked(client.username);
  }

  /** Gives a role, or gives it another priority. @throws {CommandError} when either is not there */
  giveRole(username: string, role: GivenRole): void {
    const others = this.client(username).roles.filter(({ rolename }) => rolename !== role.rolename);
    this.changeClient(username, { roles: byPriority([...others, role]) });
  }

  /** @throws {CommandError} when either is not there; not, as with the plugin, when the client has not got the role */
  takeRole(username: string, rolename: string): void {
    const { roles } = this.client(username);
    this.role(rolename);
    this.changeClient(username, { roles: roles.filter((given) => given.rolename !== rolename) });
  }

  /** @throws {CommandError} when it is there already, or there are too many */
  addRole(role: RoleRecord): void {
    if (this.#roles.has(role.rolename)) throw new CommandError("Role already exists");
    if (this.#roles.size >= MAX_ROLES) throw new CommandError(`Too many roles: at most ${MAX_ROLES}`);
    this.#setRole(role, 0);
  }

  /** Without ending connections: rules are asked for each message. @throws {CommandError} */
  changeRole(rolename: string, changes: Partial<RoleRecord>): void {
    const before = this.role(rolename);
    this.#setRole({ ...before, ...changes }, before.acls.length);
  }

  #setRole(role: RoleRecord, aclsBefore: number): void {
    const acls = this.#acls - aclsBefore + role.acls.length;
    if (role.acls.length > MAX_ACLS_OF_A_ROLE)
      throw new CommandError(`Too many ACLs of the role: at most ${MAX_ACLS_OF_A_ROLE}`);
    if (acls > MAX_ACLS) throw new CommandError(`Too many ACLs: at most ${MAX_ACLS}`);
    this.#acls = acls;
    this.#roles.set(role.rolename, role);
    this.#events.onChanged();
  }

  /** Takes it from every client that has it, and ends their connections. @throws {CommandError} */
  deleteRole(rolename: string): void {
    this.#acls -= this.role(rolename).acls.length;
    const holders = this.#holdersOf(rolename);
    this.#roles.delete(rolename);
    for (const { username, roles } of holders) {
      this.changeClient(username, { roles: roles.filter((given) => given.rolename !== rolename) });
    }
    this.#events.onChanged();
  }

  /** @throws {CommandError} when the role has an ACL of this type and topic already */
  addAcl(rolename: string, acl: RoleAcl): void {
    const { acls } = this.role(rolename);
    if (acls.some(({ acltype, topic }) => acltype === acl.acltype && topic === acl.topic))
      throw new CommandError("ACL with this topic already exists");
    this.changeRole(rolename, { acls: byPriority([...acls, acl]) });
    for (const { username } of this.#holdersOf(rolename)) this.#revoked(username);
  }

  /** @throws {CommandError} when there is none of this type and topic */
  removeAcl(rolename: string, gone: Pick<RoleAcl, "acltype" | "topic">): void {
    const { acls } = this.role(rolename);
    const kept = acls.filter(({ acltype, topic }) => acltype !== gone.acltype || topic !== gone.topic);
    if (kept.length === acls.length) throw new CommandError("ACL not found");
    this.changeRole(rolename, { acls: kept });
    for (const { username } of this.#holdersOf(rolename)) this.#revoked(username);
  }

  #holdersOf(rolename: string): ClientRecord[] {
    return [...this.#clients.values()].filter(({ roles }) =>
      roles.some((given) => given.rolename === rolename),
    );
  }

  #revoked(username: string): void {
    this.#events.onChanged();
    this.#events.onRevoked(username);
  }
}
