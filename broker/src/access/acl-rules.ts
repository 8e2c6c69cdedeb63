import { type Identity, isReservedTopic } from "./access.js";
import type { Acl, AclRule } from "./acl-file.js";
import { filterMatches, filtersOverlap } from "./topic-filter.js";

/** Whether a rule list allows an access to a topic; a matching `deny` anywhere wins, nothing matching refuses. */
function allows(rules: readonly AclRule[], access: "read" | "write", topic: readonly string[]): boolean {
  let allowed = false;
  for (const rule of rules) {
    if (!filterMatches(rule.levels, topic)) continue;
    if (rule.access === "deny") return false;
    if (rule.access === "readwrite" || rule.access === access) allowed = true;
  }
  return allowed;
}

/**
 * The rules of an `acl_file` for one client: its user's block (or, for an anonymous client, the topics before any
 * user), then the patterns with its names put in. A client without a user name has no `%u` patterns, and names
 * that hold a wildcard get no pattern at all, since they would widen it.
 */
export function rulesFor(acl: Acl, who: Identity): AclRule[] {
  const own = who.username === null ? acl.anonymous : (acl.users.get(who.username) ?? []);
  if (/[+#]/.test(who.clientId) || /[+#]/.test(who.username ?? "")) return own;
  const patterns = acl.patterns.flatMap((pattern) => {
    const text = pattern.levels.join("/");
    if (who.username === null && text.includes("%u")) return [];
    const filter = text.replaceAll("%c", () => who.clientId).replaceAll("%u", () => who.username ?? "");
    return [{ access: pattern.access, levels: filter.split("/") }];
  });
  return [...own, ...patterns];
}

/** Default deny; nobody writes what begins with `$`. */
export function mayPublish(rules: readonly AclRule[], topic: string): boolean {
  return !isReservedTopic(topic) && mayWrite(rules, topic);
}

/** Also what begins with `$`: for the broker's own commands, which no rule with a wildcard in front reaches. */
export function mayWrite(rules: readonly AclRule[], topic: string): boolean {
  return allows(rules, "write", topic.split("/"));
}

export function mayReceive(rules: readonly AclRule[], topic: string): boolean {
  return allows(rules, "read", topic.split("/"));
}

/**
 * Whether a filter reaches anything that may be read. Only an overlap is asked for: a reader of `env/#` may
 * subscribe to `+/+/+/raw`, and gets what it may read of it.
 */
export function maySubscribe(rules: readonly AclRule[], filter: string): boolean {
  const levels = filter.split("/");
  return rules.some(
    (rule) => rule.access !== "deny" && rule.access !== "write" && filtersOverlap(rule.levels, levels),
  );
}
