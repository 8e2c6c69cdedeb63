import fc from "fast-check";
import { expect, test } from "vitest";
import { hashPassword, parsePasswordHash } from "../access/password-hash.js";
import { Directory } from "./directory.js";
import { emptyDynamicSecurity, readDocument, writeDocument } from "./document.js";
import { ACL_TYPES, byPriority } from "./records.js";

const empty = () => new Directory({ onChanged: () => undefined, onRevoked: () => undefined });
const encoded = await hashPassword("p");

function read(text: string): Directory {
  const directory = empty();
  readDocument(text, directory, "dynamic-security.json");
  return directory;
}

test("what is written is read again, whatever it is", () => {
  const name = fc.string({ unit: "grapheme-ascii", minLength: 1, maxLength: 20 });
  const priority = fc.integer({ min: -5, max: 5 });
  const acl = fc.record({
    acltype: fc.constantFrom(...ACL_TYPES),
    topic: fc.constantFrom("#", "a/+", "a/b"),
    priority,
    allow: fc.boolean(),
  });
  const roles = fc.uniqueArray(
    fc.record({
      rolename: name,
      acls: fc.uniqueArray(acl, { selector: ({ acltype, topic }) => `${acltype} ${topic}` }),
    }),
    { selector: ({ rolename }) => rolename, maxLength: 4 },
  );
  const clients = fc.uniqueArray(
    fc.record({
      username: name,
      disabled: fc.boolean(),
      secret: fc.boolean(),
      clientid: fc.option(name, { nil: undefined }),
      textname: fc.option(name, { nil: undefined }),
      priority,
    }),
    { selector: ({ username }) => username, maxLength: 4 },
  );
  fc.assert(
    fc.property(roles, clients, fc.boolean(), (someRoles, someClients, open) => {
      const directory = empty();
      directory.setDefault("publishClientReceive", open);
      for (const { rolename, acls } of someRoles) directory.addRole({ rolename, acls: byPriority(acls) });
      for (const { secret, priority: given, ...client } of someClients) {
        const hash = parsePasswordHash(encoded);
        const password = secret && hash !== null ? { user: client.username, encoded, hash } : undefined;
        const held = someRoles.slice(0, 1).map(({ rolename }) => ({ rolename, priority: given }));
        directory.addClient({ ...client, password, roles: held });
      }
      const again = read(writeDocument(directory));
      expect(again.defaults).toEqual(directory.defaults);
      expect([...again.roles.values()]).toEqual([...directory.roles.values()]);
      expect([...again.clients.values()]).toEqual([...directory.clients.values()]);
    }),
  );
});

test("an empty one is closed", () => {
  const directory = read(emptyDynamicSecurity());
  expect(directory.clients.size + directory.roles.size).toBe(0);
  expect(directory.defaults).toMatchObject({ publishClientReceive: false, subscribe: false });
});

test.each([
  ["no JSON", "{", /JSON/],
  ["no object", "[]", /expected a JSON object/],
  ["groups", '{"groups":[{"groupname":"g"}]}', /groups are not supported/],
  ["a role twice", '{"roles":[{"rolename":"r"},{"rolename":"r"}]}', /Role already exists/],
  ["a client of no role", '{"clients":[{"username":"u","roles":[{"rolename":"r"}]}]}', /Role not found/],
  [
    "a hash that is none",
    '{"clients":[{"username":"u","password":"x","salt":"y","iterations":1}]}',
    /password/,
  ],
  [
    "a type of rule that is none",
    '{"roles":[{"rolename":"r","acls":[{"acltype":"x","topic":"a"}]}]}',
    /acltype/,
  ],
])("a file with %s is refused by name", (_name, text, reason) => {
  expect(() => read(text)).toThrow(reason);
  expect(() => read(text)).toThrow(/dynamic-security\.json.*DYNAMIC_SECURITY_FILE/);
});
