import { LEGACY_SIMULATE_TOPIC, type NameKind, parseName } from "@fieldmesh/protocol";

/** The kinds of broker users; what each may do is below and nowhere else. */
export type BrokerRole = "node" | "reader" | "operator" | "service" | "legacy";

export interface AclBlockRequest {
  user: string;
  role: BrokerRole;
  /** The domain of a node or legacy publisher; the domains that a reader or operator sees. Not for `service`. */
  domain?: string | readonly string[] | undefined;
  /** The node's name; only for `node`. */
  name?: string | undefined;
}

/** A request that makes no sense; code `BROKER_ACL_BLOCK`. */
export class AclBlockError extends Error {
  readonly code = "BROKER_ACL_BLOCK";
}

/** A line of the file would end at a line break, and Mosquitto trims blanks; `:` ends the name in the other file. */
const USER = /^[^\s:+#][^\p{Cc}:+#]{0,126}$/u;

/**
 * The explicit `user` block of Mosquitto's `acl_file` for one broker user. Explicit blocks rather than patterns:
 * a pattern would span domains and reach other tools' users.
 * @throws {AclBlockError} when a name is outside the grammar, or missing
 */
export function aclBlock(request: AclBlockRequest): string {
  if (!USER.test(request.user) || request.user.trim() !== request.user) {
    throw new AclBlockError(
      `user "${request.user}": expected 1 to 127 characters without ":", "+", "#" or line breaks`,
    );
  }
  const lines = rulesOf(request).map((rule) => `topic ${rule}\n`);
  return `user ${request.user}\n${lines.join("")}`;
}

function rulesOf(request: AclBlockRequest): string[] {
  switch (request.role) {
    case "node": {
      const domain = one(request);
      const node = checkedName("node", request.name);
      return [`readwrite ${domain}/${node}/#`, `write ${domain}/event/${node}/#`];
    }
    case "reader":
      return readerRules(request);
    case "operator":
      return [
        ...readerRules(request),
        ...domains(request).map((domain) => `write ${domain}/+/cmd/#`),
        "write mesh/ack/#",
        `write ${LEGACY_SIMULATE_TOPIC}`,
      ];
    case "service":
      return [
        "read #",
        "read $SYS/#",
        "write mesh/#",
        "write +/+/cmd/#",
        `write ${LEGACY_SIMULATE_TOPIC}`,
        // To remove a node is to clear what it left retained; nobody else is there to do it any more.
        "write +/+/birth",
        "write +/+/status",
        "write +/+/stats",
        "write +/event/#",
        // The registry opens and closes the broker to consumers.
        "readwrite $CONTROL/dynamic-security/#",
      ];
    case "legacy": {
      const domain = one(request);
      return [`write ${domain}/+/raw`, `write ${domain}/event/+`, `read ${LEGACY_SIMULATE_TOPIC}`];
    }
  }
}

function readerRules(request: AclBlockRequest): string[] {
  return [...domains(request).map((domain) => `read ${domain}/#`), "read mesh/#", "read $SYS/#"];
}

function domains(request: AclBlockRequest): string[] {
  const given = typeof request.domain === "string" ? [request.domain] : (request.domain ?? []);
  if (given.length === 0) throw new AclBlockError(`role ${request.role} needs at least one domain`);
  return given.map((domain) => checkedName("domain", domain));
}

function one(request: AclBlockRequest): string {
  const [domain, ...more] = domains(request);
  if (domain === undefined || more.length > 0)
    throw new AclBlockError(`role ${request.role} has exactly one domain`);
  return domain;
}

function checkedName(kind: NameKind, name: string | undefined): string {
  const parsed = parseName(kind, name);
  if (!parsed.ok) throw new AclBlockError(parsed.detail);
  return parsed.value;
}
