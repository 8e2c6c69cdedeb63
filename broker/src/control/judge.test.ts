import fc from "fast-check";
import { expect, test } from "vitest";
import { filterCovers, filterMatches } from "../access/topic-filter.js";
import { Directory } from "./directory.js";
import { Judge } from "./judge.js";
import { type AclType, byPriority, type RoleAcl } from "./records.js";

const acl = (acltype: AclType, topic: string, allow: boolean, priority = 0): RoleAcl => ({
  acltype,
  topic,
  allow,
  priority,
});

/** A client with these roles, the first one asked first. */
function judged(...roles: RoleAcl[][]) {
  const directory = new Directory({ onChanged: () => undefined, onRevoked: () => undefined });
  for (const [index, acls] of roles.entries())
    directory.addRole({ rolename: `${index}`, acls: byPriority(acls) });
  const given = roles.map((_, index) => ({ rolename: `${index}`, priority: -index }));
  directory.addClient({ username: "u", disabled: false, roles: given });
  const judge = new Judge(directory);
  return { directory, judge, client: directory.client("u") };
}

test("the rule of the highest priority decides", () => {
  const { judge, client } = judged([
    acl("publishClientReceive", "#", false, -1),
    acl("publishClientReceive", "a/#", true),
    acl("publishClientReceive", "a/secret", false, 1),
  ]);
  expect(judge.mayReceive(client, "a/x")).toBe(true);
  expect(judge.mayReceive(client, "a/secret")).toBe(false);
  expect(judge.mayReceive(client, "b")).toBe(false);
});

test("roles are asked one after the other, by their priority at the client", () => {
  const deny = [acl("publishClientSend", "a", false)];
  const allow = [acl("publishClientSend", "a", true, 9)];
  const first = judged(deny, allow);
  expect(first.judge.maySend(first.client, "a")).toBe(false);
  const second = judged(allow, deny);
  expect(second.judge.maySend(second.client, "a")).toBe(true);
});

test("an exact subscription is asked before patterns of its role, a pattern has to cover the whole filter", () => {
  const { judge, client } = judged([
    acl("subscribePattern", "a/#", true, 5),
    acl("subscribeLiteral", "a/b", false),
    acl("subscribeLiteral", "#", true),
  ]);
  expect(judge.maySubscribe(client, "a/b")).toBe(false);
  expect(judge.maySubscribe(client, "a/+")).toBe(true);
  expect(judge.maySubscribe(client, "a")).toBe(true);
  expect(judge.maySubscribe(client, "#")).toBe(true);
  expect(judge.maySubscribe(client, "+/b")).toBe(false);
});

test("what is allowed in one way is not in another, and without a rule the defaults hold", () => {
  const { directory, judge, client } = judged([acl("publishClientReceive", "a", true)]);
  expect(judge.mayReceive(client, "a")).toBe(true);
  expect(judge.maySend(client, "a")).toBe(false);
  expect(judge.maySubscribe(client, "a")).toBe(false);
  directory.setDefault("publishClientSend", true);
  directory.setDefault("subscribe", true);
  expect(judge.maySend(client, "a")).toBe(true);
  expect(judge.maySubscribe(client, "a")).toBe(true);
  expect(judge.mayReceive(client, "b")).toBe(false);
});

const level = fc.constantFrom("", "a", "b", "$SYS");
const levels = fc.array(level, { minLength: 1, maxLength: 4 });
const filter = fc
  .tuple(fc.array(fc.oneof(level, fc.constant("+")), { maxLength: 4 }), fc.boolean())
  .map(([given, open]) => (open || given.length === 0 ? [...given, "#"] : given));

test("a filter that covers another matches all that it matches", () => {
  fc.assert(
    fc.property(filter, filter, levels, (wide, narrow, topic) => {
      if (filterCovers(wide, narrow) && filterMatches(narrow, topic))
        expect(filterMatches(wide, topic), `${wide.join("/")} ${narrow.join("/")}`).toBe(true);
    }),
    { numRuns: 2_000 },
  );
});

test("every filter covers itself, and the topics that it matches", () => {
  fc.assert(
    fc.property(filter, levels, (wide, topic) => {
      expect(filterCovers(wide, wide)).toBe(true);
      expect(filterCovers(wide, topic)).toBe(filterMatches(wide, topic));
    }),
  );
});
