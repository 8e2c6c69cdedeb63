import { aclBlock, parseAclFile } from "@fieldmesh/broker";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readNotes, removeAclBlock, setAclBlock } from "./acl-text.js";
import { removePasswordLine, setPasswordLine } from "./password-text.js";

const name = fc
  .stringMatching(/^[a-z0-9][a-z0-9-]{0,6}$/)
  .filter((text) => text !== "event" && text !== "mesh" && text !== "api");

/** A file as other people write it: comments, patterns and blocks in any order. */
const foreignLine = fc.oneof(
  name.map((user) => `user ${user}`),
  name.map((level) => `topic read ${level}/#`),
  name.map((level) => `pattern write ${level}/%u/#`),
  fc.constant("# a comment"),
  fc.constant(""),
);
const foreignFile = fc
  .array(foreignLine, { maxLength: 12 })
  .map((lines) => lines.map((line) => `${line}\n`).join(""));

const nodeBlock = (user: string): string => aclBlock({ user, role: "node", domain: "env", name: user });
const note = (user: string) => ({ role: "node", domains: ["env"], node: user });

describe("the text of an ACL file", () => {
  it("gets a user's block, whatever else stands in it, and leaves the others' rights alone", () => {
    fc.assert(
      fc.property(foreignFile, name, (text, user) => {
        const before = parseAclFile(text);
        const after = parseAclFile(setAclBlock(text, user, nodeBlock(user), note(user)));
        expect(after.users.get(user)).toEqual(parseAclFile(nodeBlock(user)).users.get(user));
        expect(after.patterns).toEqual(before.patterns);
        expect(after.anonymous).toEqual(before.anonymous);
        const others = (acl: typeof before) => [...acl.users].filter(([other]) => other !== user);
        expect(others(after)).toEqual(others(before));
      }),
    );
  });

  it("is the same after setting twice, and knows nothing of the user after removing", () => {
    fc.assert(
      fc.property(foreignFile, name, (text, user) => {
        const once = setAclBlock(text, user, nodeBlock(user), note(user));
        expect(setAclBlock(once, user, nodeBlock(user), note(user))).toBe(once);
        expect(readNotes(once).get(user)).toEqual(note(user));
        const removed = removeAclBlock(once, user);
        expect(parseAclFile(removed).users.has(user)).toBe(false);
        expect(readNotes(removed).has(user)).toBe(false);
        expect(parseAclFile(removed).patterns).toEqual(parseAclFile(text).patterns);
      }),
    );
  });

  it("keeps a neighbour's note when a block between goes", () => {
    const text = ["a", "b", "c"].reduce(
      (file, user) => setAclBlock(file, user, nodeBlock(user), note(user)),
      "",
    );
    expect([...readNotes(removeAclBlock(text, "b")).keys()]).toEqual(["a", "c"]);
  });
});

describe("the text of a password file", () => {
  it("changes one line and no other", () => {
    fc.assert(
      fc.property(fc.uniqueArray(name, { maxLength: 6 }), name, (users, user) => {
        const text = `# by hand\n${users.map((other) => `${other}:$7$x\n`).join("")}`;
        const set = setPasswordLine(text, user, "$7$new");
        expect(set.split("\n").filter((line) => line === `${user}:$7$new`)).toHaveLength(1);
        expect(setPasswordLine(set, user, "$7$new")).toBe(set);
        const without = text
          .split("\n")
          .filter((line) => !line.startsWith(`${user}:`))
          .join("\n");
        expect(removePasswordLine(set, user)).toBe(without);
      }),
    );
  });
});
