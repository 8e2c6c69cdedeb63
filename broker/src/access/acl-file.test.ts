import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Identity } from "./access.js";
import { AclBlockError, aclBlock } from "./acl-block.js";
import { parseAclFile } from "./acl-file.js";
import { mayPublish, mayReceive, maySubscribe, rulesFor } from "./acl-rules.js";
import { FileFormatError } from "./file-format-error.js";
import { filterFault, filterMatches, filtersOverlap } from "./topic-filter.js";

const alice: Identity = { clientId: "c1", username: "alice" };
const anonymous: Identity = { clientId: "c2", username: null };

function may(text: string, who: Identity) {
  const rules = rulesFor(parseAclFile(text), who);
  return {
    write: (topic: string) => mayPublish(rules, topic),
    read: (topic: string) => mayReceive(rules, topic),
    subscribe: (filter: string) => maySubscribe(rules, filter),
  };
}

describe("rules as Mosquitto reads them", () => {
  const text = `
# topics before any user are for anonymous clients
topic read public/#
user alice
topic write env/alice/#
topic read env/#
topic deny env/secret/#
topic plain
user bob
topic readwrite bob/+
pattern readwrite own/%u/%c
`;

  test("default deny, access by direction, deny wins", () => {
    const a = may(text, alice);
    expect(a.write("env/alice/x/raw")).toBe(true);
    expect(a.write("env/bob/x/raw")).toBe(false);
    expect(a.read("env/bob/x/raw")).toBe(true);
    expect(a.read("env/secret/x")).toBe(false);
    expect(a.write("plain") && a.read("plain")).toBe(true);
    expect(a.read("public/x")).toBe(false);
  });

  test("anonymous clients have the general topics, and no %u pattern", () => {
    const a = may(text, anonymous);
    expect(a.read("public/x")).toBe(true);
    expect(a.write("public/x")).toBe(false);
    expect(a.write("own//c2")).toBe(false);
  });

  test("patterns take the client's names, and none that holds a wildcard", () => {
    expect(may(text, alice).write("own/alice/c1")).toBe(true);
    expect(may(text, alice).write("own/bob/c1")).toBe(false);
    expect(may(text, { clientId: "#", username: "alice" }).write("own/alice/x")).toBe(false);
    expect(may("pattern readwrite d/%c/#", { clientId: "$&", username: null }).write("d/$&/x")).toBe(true);
  });

  test("nobody writes $SYS, and # does not read it", () => {
    const a = may("user alice\ntopic readwrite #\ntopic write $SYS/x", alice);
    expect(a.write("$SYS/x")).toBe(false);
    expect(a.read("$SYS/broker/uptime")).toBe(false);
    expect(may("user alice\ntopic read $SYS/#", alice).read("$SYS/broker/uptime")).toBe(true);
  });

  test("a subscription is refused only where nothing of it may be read", () => {
    const a = may("user alice\ntopic read env/#\ntopic write out/#", alice);
    expect(a.subscribe("+/+/+/raw")).toBe(true);
    expect(a.subscribe("#")).toBe(true);
    expect(a.subscribe("env")).toBe(true);
    expect(a.subscribe("out/#")).toBe(false);
    expect(a.subscribe("$SYS/#")).toBe(false);
  });
});

describe("refusals name line and expectation", () => {
  test.each([
    ["user", 1],
    ["user a\ntopic nonsense env/#", 2],
    ["user a\ntopic read env/#/x", 2],
    ["topic read a+/b", 1],
    ["allow all", 1],
  ])("%j", (text, line) => {
    expect(() => parseAclFile(text, "acl")).toThrow(FileFormatError);
    expect(() => parseAclFile(text, "acl")).toThrow(`acl:${line}: `);
  });

  test("no text crashes the parser", () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        try {
          parseAclFile(text);
        } catch (error) {
          expect(error).toBeInstanceOf(FileFormatError);
        }
      }),
    );
  });
});

describe("the roles of the wire", () => {
  const block = (request: Parameters<typeof aclBlock>[0]) =>
    may(aclBlock(request), { clientId: "x", username: request.user });

  test("a node speaks for itself only", () => {
    const node = block({ user: "n1", role: "node", domain: "env", name: "n1" });
    for (const topic of [
      "env/n1/temperature/raw",
      "env/n1/birth",
      "env/n1/cmd/time/reply",
      "env/event/n1/t/hot",
    ]) {
      expect(node.write(topic), topic).toBe(true);
    }
    for (const topic of [
      "env/n2/temperature/raw",
      "env/event/n2/t/hot",
      "mesh/ack/env/n1/t/hot",
      "lab/n1/birth",
    ]) {
      expect(node.write(topic), topic).toBe(false);
    }
    expect(node.read("env/n1/cmd/time")).toBe(true);
    expect(node.read("env/n1/status")).toBe(true);
    expect(node.read("env/n2/status")).toBe(false);
  });

  test("a reader reads its domains and the mesh, and writes nothing", () => {
    const reader = block({ user: "r", role: "reader", domain: ["env", "lab"] });
    expect(reader.read("env/n1/t/raw") && reader.read("lab/n1/t/raw") && reader.read("mesh/product/x")).toBe(
      true,
    );
    expect(reader.read("$SYS/broker/version")).toBe(true);
    expect(reader.read("home/n1/t/raw")).toBe(false);
    expect(reader.write("env/n1/cmd/time") || reader.write("mesh/ack/env/n1/t/r")).toBe(false);
  });

  test("an operator commands and acknowledges in its domain", () => {
    const operator = block({ user: "o", role: "operator", domain: "env" });
    expect(operator.write("env/n1/cmd/time") && operator.write("mesh/ack/env/n1/t/r")).toBe(true);
    expect(
      operator.write("lab/n1/cmd/time") || operator.write("env/n1/t/raw") || operator.write("mesh/product/x"),
    ).toBe(false);
  });

  test("a service reads all, writes the mesh and commands, clears a node's retained topics", () => {
    const service = block({ user: "s", role: "service" });
    expect(service.read("any/thing") && service.read("$SYS/broker/uptime")).toBe(true);
    for (const topic of ["mesh/quality/x", "env/n1/cmd/resend", "env/n1/birth", "env/event/n1/t/hot"]) {
      expect(service.write(topic), topic).toBe(true);
    }
    expect(service.write("env/n1/t/raw")).toBe(false);
  });

  test("a legacy publisher has the older forms of one domain", () => {
    const legacy = block({ user: "l", role: "legacy", domain: "env" });
    expect(legacy.write("env/temperature/raw") && legacy.write("env/event/overheat")).toBe(true);
    expect(
      legacy.write("env/n1/temperature/raw") ||
        legacy.write("env/event/n1/t/r") ||
        legacy.read("env/n1/birth"),
    ).toBe(false);
  });

  test.each([
    { user: "a:b", role: "service" },
    { user: "a\ntopic #", role: "service" },
    { user: "n", role: "node", domain: "env", name: "+" },
    { user: "n", role: "node", domain: "env", name: "event" },
    { user: "n", role: "node", domain: "env" },
    { user: "n", role: "node", domain: "mesh", name: "n" },
    { user: "r", role: "reader" },
    { user: "l", role: "legacy", domain: ["a", "b"] },
  ] as const)("refuses %j", (request) => {
    expect(() => aclBlock(request)).toThrow(AclBlockError);
  });
});

describe("topic filters", () => {
  const level = fc.constantFrom("a", "b", "", "$x", "+");
  const topic = fc.array(fc.constantFrom("a", "b", "", "$x"), { minLength: 1, maxLength: 4 });
  const filter = fc
    .tuple(fc.array(level, { minLength: 1, maxLength: 4 }), fc.boolean())
    .map(([levels, all]) => (all ? [...levels, "#"] : levels));

  test("filters that match one topic overlap", () => {
    fc.assert(
      fc.property(filter, filter, topic, (a, b, t) => {
        if (filterMatches(a, t) && filterMatches(b, t)) expect(filtersOverlap(a, b)).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });

  test("filters that overlap share a topic of small words", () => {
    const words = ["a", "b", "", "$x", "z"];
    const all: string[][] = [];
    let longest = words.map((word) => [word]);
    for (let length = 1; length <= 5; length++) {
      all.push(...longest);
      longest = longest.flatMap((t) => words.map((word) => [...t, word]));
    }
    fc.assert(
      fc.property(filter, filter, (a, b) => {
        if (filtersOverlap(a, b))
          expect(all.some((t) => filterMatches(a, t) && filterMatches(b, t))).toBe(true);
      }),
      { numRuns: 200 },
    );
  });

  test.each(["", "a/#/b", "a#", "+a", "a/b+", "\0"])("%j is ill-formed", (text) => {
    expect(filterFault(text)).not.toBeNull();
  });
  test.each(["#", "+", "/", "a//b", "+/#", "$SYS/#", "a/+/b"])("%j is well-formed", (text) => {
    expect(filterFault(text)).toBeNull();
  });
});
