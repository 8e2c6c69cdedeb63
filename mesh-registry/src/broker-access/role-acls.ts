/** A rule of a role, as the broker has it. */
export interface RoleAcl {
  acltype: string;
  topic: string;
  priority: number;
  allow: boolean;
}

/** What a consumer may read: product → topic filters. */
export type OpenProducts = ReadonlyMap<string, readonly string[]>;

/** So many filters of one consumer at most: two rules each, and a role of ours has room for a thousand. */
const MAX_FILTERS = 400;
/** Of them together: a role has to fit into one message, twice each and escaped. */
const MAX_FILTERS_BYTES = 32 * 1024;
/** `#` and `+` do not match topics that begin with `$`: each of these wants a rule of its own. */
const EVERYTHING = ["#", "$SYS/#", "$CONTROL/#"];
/** Behind what is allowed. */
const LAST = -1;

/** Why a consumer is not let into a topic filter of a product. */
export interface RefusedFilter {
  product: string;
  filter: string;
  reason: string;
}

/**
 * The rules of a consumer's role: it reads these filters and nothing else. What it may not is said outright, not left
 * to the broker's defaults: beside Mosquitto's plugin a pattern of the `acl_file` serves whoever is not refused by it.
 */
export function roleAcls(products: OpenProducts): { acls: RoleAcl[]; refused: RefusedFilter[] } {
  const allowed = new Set<string>();
  const refused: RefusedFilter[] = [];
  let bytes = 0;
  for (const [product, filters] of products) {
    for (const filter of filters) {
      if (allowed.has(filter)) continue;
      const size = Buffer.byteLength(filter);
      const room = allowed.size < MAX_FILTERS && bytes + size <= MAX_FILTERS_BYTES;
      const reason = room ? faultOf(filter) : `a consumer has ${MAX_FILTERS} of ${MAX_FILTERS_BYTES} bytes`;
      if (reason === undefined) {
        allowed.add(filter);
        bytes += size;
      } else refused.push({ product, filter, reason });
    }
  }
  const acls = [...allowed].flatMap((topic) => [
    { acltype: "publishClientReceive", topic, priority: 0, allow: true },
    { acltype: "subscribePattern", topic, priority: 0, allow: true },
  ]);
  const closed = EVERYTHING.flatMap((topic) => [
    { acltype: "publishClientSend", topic, priority: LAST, allow: false },
    { acltype: "publishClientReceive", topic, priority: LAST, allow: false },
    { acltype: "subscribePattern", topic, priority: LAST, allow: false },
  ]);
  return { acls: [...acls, ...closed], refused };
}

const MAX_FILTER_BYTES = 1_000;

/** A product's filter names a part of one domain [MQTT-4.7.1]; the broker's own topics are nobody's product. */
function faultOf(filter: string): string | undefined {
  if (Buffer.byteLength(filter) > MAX_FILTER_BYTES) return `longer than ${MAX_FILTER_BYTES} bytes`;
  if (/[\p{Cc}\p{Cs}]/u.test(filter)) return "control characters";
  const levels = filter.split("/");
  const [first = ""] = levels;
  if (first === "" || first.startsWith("$") || first === "+" || first === "#")
    return "it does not begin with the name of a domain";
  for (const [index, level] of levels.entries()) {
    const wildcard = level === "+" || (level === "#" && index === levels.length - 1);
    if (/[+#]/.test(level) && !wildcard) return "not a topic filter";
  }
  return undefined;
}

export function sameAcls(some: readonly RoleAcl[], others: readonly RoleAcl[]): boolean {
  const keys = new Set(some.map(keyOf));
  return some.length === others.length && others.every((acl) => keys.has(keyOf(acl)));
}

/** Whether something is allowed by the first that the others do not allow. */
export function narrows(before: readonly RoleAcl[], after: readonly RoleAcl[]): boolean {
  const kept = new Set(after.map(keyOf));
  return before.some((acl) => acl.allow && !kept.has(keyOf(acl)));
}

function keyOf({ acltype, topic, priority, allow }: RoleAcl): string {
  return JSON.stringify([acltype, topic, priority, allow]);
}
