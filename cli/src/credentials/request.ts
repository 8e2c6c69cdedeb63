import { aclBlock, type BrokerRole } from "@fieldmesh/broker";
import { type NameKind, parseName } from "@fieldmesh/protocol";
import { UsageError } from "../exit.js";
import type { BlockNote } from "./acl-text.js";

/** What `credentials add` is asked for. */
export interface CredentialRequest {
  user: string;
  role: BrokerRole;
  /** Of a node and a legacy publisher exactly one, of readers and operators at least one, of a service none. */
  domains: readonly string[];
  /** Only for nodes; the user's name when it is not given. */
  node?: string | undefined;
}

/** A request with its names checked, and the lines for the ACL file. */
export interface CheckedRequest {
  user: string;
  note: BlockNote;
  block: string;
}

function checkName(kind: NameKind, what: string, value: string): string {
  const name = parseName(kind, value);
  if (!name.ok) throw new UsageError(`${what}: ${name.detail}`);
  return name.value;
}

/** @throws UsageError, AclBlockError for names outside the grammar, reserved names, and what a role has not */
export function checkRequest(request: CredentialRequest): CheckedRequest {
  const { role } = request;
  // A user's name goes where a node's does (client id, slot folder), so it has the same grammar.
  const user = checkName("node", "the user's name", request.user);
  const domains =
    role === "service" ? [] : request.domains.map((domain) => checkName("domain", "--domain", domain));
  if (role === "service" && request.domains.length > 0) {
    throw new UsageError("a service reads every domain: leave --domain out");
  }
  if ((role === "node" || role === "legacy") && domains.length !== 1) {
    throw new UsageError(`a ${role} credential is for exactly one --domain`);
  }
  if (role !== "node" && request.node !== undefined)
    throw new UsageError(`--node is for --role node, not ${role}`);
  const node = role === "node" ? checkName("node", "--node", request.node ?? user) : undefined;
  const block = aclBlock({
    user,
    role,
    ...(domains.length === 0 ? {} : { domain: domains }),
    ...(node === undefined ? {} : { name: node }),
  });
  return { user, note: { role, domains, ...(node === undefined ? {} : { node }) }, block };
}
