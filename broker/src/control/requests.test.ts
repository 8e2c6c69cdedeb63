import fc from "fast-check";
import { beforeEach, describe, expect, test, vi } from "vitest";
import { MAX_ANSWER_BYTES, MAX_COMMANDS } from "./bounds.js";
import { COMMANDS } from "./commands.js";
import { Directory } from "./directory.js";
import { answerText, execute } from "./requests.js";

let directory: Directory;
const onRevoked = vi.fn<(username: string) => void>();
const onFault = vi.fn<(error: unknown) => void>();

beforeEach(() => {
  onRevoked.mockClear();
  onFault.mockClear();
  directory = new Directory({ onChanged: () => undefined, onRevoked });
});

type Asked = Record<string, unknown> & { command: string };

async function ask(...commands: Asked[]) {
  const { answers } = await execute(directory, JSON.stringify({ commands }), onFault);
  return answers.map(({ command: _command, ...answer }) => answer);
}
const OK = {};

/** A client with a role. */
const prepare = () =>
  ask(
    { command: "createRole", rolename: "r" },
    { command: "createClient", username: "u", roles: [{ rolename: "r" }] },
  );

describe("clients", () => {
  test("are made, shown without their password, and deleted", async () => {
    expect(
      await ask(
        { command: "createRole", rolename: "r" },
        {
          command: "createClient",
          username: "u",
          password: "hunter2",
          clientid: "only",
          textname: "U",
          roles: [{ rolename: "r", priority: 3 }],
        },
        { command: "getClient", username: "u" },
      ),
    ).toEqual([
      OK,
      OK,
      {
        data: {
          client: {
            username: "u",
            clientid: "only",
            textname: "U",
            roles: [{ rolename: "r", priority: 3 }],
            groups: [],
          },
        },
      },
    ]);
    expect(directory.client("u").password?.encoded).toMatch(/^\$7\$10000\$/);
    expect(
      await ask(
        { command: "createClient", username: "u" },
        { command: "deleteClient", username: "u" },
        { command: "deleteClient", username: "u" },
        { command: "getClient", username: "u" },
      ),
    ).toEqual([
      { error: "Client already exists" },
      OK,
      { error: "Client not found" },
      { error: "Client not found" },
    ]);
  });

  test("with a role that is not there are not made, nor changed", async () => {
    await prepare();
    const missing = [{ rolename: "none" }];
    expect(
      await ask(
        { command: "createClient", username: "v", roles: missing },
        { command: "modifyClient", username: "u", textname: "changed", roles: missing },
        { command: "addClientRole", username: "u", rolename: "none" },
        { command: "listClients", verbose: true },
      ),
    ).toEqual([
      { error: "Role not found" },
      { error: "Role not found" },
      { error: "Role not found" },
      { data: { totalCount: 1, clients: [{ username: "u", roles: [{ rolename: "r" }], groups: [] }] } },
    ]);
  });

  test.each<[string, Asked]>([
    ["disabled", { command: "disableClient", username: "u" }],
    ["enabled", { command: "enableClient", username: "u" }],
    ["changed", { command: "modifyClient", username: "u" }],
    ["given a password", { command: "setClientPassword", username: "u", password: "new" }],
    ["bound to a client id", { command: "setClientId", username: "u", clientid: "c" }],
    ["given a role", { command: "addClientRole", username: "u", rolename: "r", priority: 9 }],
    ["deprived of a role", { command: "removeClientRole", username: "u", rolename: "r" }],
    ["deleted", { command: "deleteClient", username: "u" }],
    ["in a role that is deleted", { command: "deleteRole", rolename: "r" }],
    [
      "in a role with a rule more",
      { command: "addRoleACL", rolename: "r", acltype: "subscribeLiteral", topic: "a", allow: true },
    ],
  ])("that are %s lose their connections", async (_name, command) => {
    await prepare();
    onRevoked.mockClear();
    expect(await ask(command)).toEqual([OK]);
    expect(onRevoked).toHaveBeenCalledWith("u");
  });

  test("are listed in pages", async () => {
    await ask(...["a", "b", "c"].map((username) => ({ command: "createClient", username })));
    expect(await ask({ command: "listClients", count: 2, offset: 1 })).toEqual([
      { data: { totalCount: 3, clients: ["b", "c"] } },
    ]);
    expect(await ask({ command: "listClients", count: 0 })).toEqual([
      { data: { totalCount: 3, clients: [] } },
    ]);
  });
});

describe("roles", () => {
  test("have their rules by priority, and one of a type and topic", async () => {
    const acl = { acltype: "publishClientSend", topic: "a/#", allow: true };
    expect(
      await ask(
        { command: "createRole", rolename: "r", acls: [{ ...acl, topic: "low", priority: -1 }, acl, acl] },
        { command: "addRoleACL", rolename: "r", ...acl },
        { command: "addRoleACL", rolename: "r", acltype: "publishClientSend", topic: "top", priority: 5 },
        { command: "removeRoleACL", rolename: "r", acltype: "publishClientSend", topic: "low" },
        { command: "removeRoleACL", rolename: "r", acltype: "publishClientSend", topic: "low" },
        { command: "getRole", rolename: "r" },
      ),
    ).toEqual([
      OK,
      { error: "ACL with this topic already exists" },
      OK,
      OK,
      { error: "ACL not found" },
      {
        data: {
          role: {
            rolename: "r",
            acls: [
              { acltype: "publishClientSend", topic: "top", priority: 5, allow: false },
              { ...acl, priority: 0 },
            ],
          },
        },
      },
    ]);
  });

  test("that are changed whole do not interrupt their clients", async () => {
    await prepare();
    onRevoked.mockClear();
    const acls = [{ acltype: "publishClientReceive", topic: "a", priority: 0, allow: true }];
    expect(await ask({ command: "modifyRole", rolename: "r", acls })).toEqual([OK]);
    expect(directory.role("r").acls).toEqual(acls);
    expect(onRevoked).not.toHaveBeenCalled();
  });

  test("leave their clients when they are deleted", async () => {
    await prepare();
    await ask({ command: "deleteRole", rolename: "r" });
    expect(directory.client("u").roles).toEqual([]);
  });
});

test("what no rule says is closed, until it is opened", async () => {
  const [before] = await ask({ command: "getDefaultACLAccess" });
  expect(before?.data?.["acls"]).toEqual([
    { acltype: "publishClientSend", allow: false },
    { acltype: "publishClientReceive", allow: false },
    { acltype: "subscribe", allow: false },
    { acltype: "unsubscribe", allow: true },
  ]);
  const acls = [{ acltype: "subscribe", allow: true }, { acltype: "nonsense" }];
  expect(await ask({ command: "setDefaultACLAccess", acls })).toEqual([{ error: "Unknown acltype" }]);
  expect(directory.defaults.subscribe).toBe(false); // whole or not at all
  await ask({ command: "setDefaultACLAccess", acls: acls.slice(0, 1) });
  expect(directory.defaults.subscribe).toBe(true);
});

test("groups are refused, clearly, and a list of them is empty", async () => {
  const refusal = [{ error: expect.stringContaining("Groups are not supported") }];
  expect(await ask({ command: "createGroup", groupname: "g" })).toEqual(refusal);
  expect(await ask({ command: "createClient", username: "u", groups: [{ groupname: "g" }] })).toEqual(
    refusal,
  );
  expect(await ask({ command: "listGroups" })).toEqual([{ data: { totalCount: 0, groups: [] } }]);
});

test("an answer carries the correlation that its command had", async () => {
  expect(await ask({ command: "listRoles", correlationData: "x" })).toMatchObject([{ correlationData: "x" }]);
  expect(await ask({ command: "getRole", rolename: "r", correlationData: "y" })).toEqual([
    { error: "Role not found", correlationData: "y" },
  ]);
});

test("too much is refused by name", async () => {
  const { answers } = await execute(
    directory,
    JSON.stringify({ commands: Array.from({ length: MAX_COMMANDS + 1 }, () => ({ command: "listRoles" })) }),
    onFault,
  );
  expect(answers).toEqual([
    { command: "Unknown command", error: expect.stringContaining(`${MAX_COMMANDS}`) },
  ]);
  const acls = Array.from({ length: 1_001 }, (_, i) => ({ acltype: "subscribeLiteral", topic: `${i}` }));
  expect(await ask({ command: "createRole", rolename: "r", acls })).toEqual([
    { error: "Invalid acls array: more than 1000" },
  ]);
  expect(await ask({ command: "createRole", rolename: "n".repeat(1_025) })).toEqual([
    { error: expect.stringContaining("1024 bytes") },
  ]);
  const long = [{ command: "listClients", data: { clients: ["x".repeat(MAX_ANSWER_BYTES)] } }];
  expect(JSON.parse(answerText(long))).toEqual({
    responses: [{ command: "listClients", error: expect.stringContaining("count and offset") }],
  });
});

// ---- Hostile messages ----

/** Values where they are expected, and any others. */
const hostile = fc.oneof(
  fc.constantFrom(
    "u",
    "r",
    "",
    "__proto__",
    "constructor",
    "#",
    "a/#/b",
    "\0",
    "\ud800",
    -1,
    1e300,
    0.5,
    true,
    null,
  ),
  fc.jsonValue(),
);
const keys = [
  "username",
  "rolename",
  "password",
  "clientid",
  "acltype",
  "topic",
  "priority",
  "allow",
  "acls",
  "roles",
  "groups",
  "textname",
  "count",
  "offset",
  "verbose",
  "disabled",
  "correlationData",
  "__proto__",
];
const command = fc
  .tuple(fc.constantFrom(...COMMANDS.keys(), "nonsense"), fc.dictionary(fc.constantFrom(...keys), hostile))
  // Passwords are hashed, which takes its time.
  .map(([name, { password: _password, ...fields }]) => ({ ...fields, command: name }));

test("whatever a message is, it gets an answer, and nothing breaks", async () => {
  const message = fc.oneof(
    fc.json(),
    fc.string(),
    fc
      .array(fc.oneof(command, fc.jsonValue()), { maxLength: 5 })
      .map((commands) => JSON.stringify({ commands })),
  );
  await fc.assert(
    fc.asyncProperty(message, async (text) => {
      await prepare();
      const { answers } = await execute(directory, text, onFault);
      expect(JSON.parse(answerText(answers))).toMatchObject({ responses: expect.any(Array) });
      expect(onFault).not.toHaveBeenCalled();
      for (const { roles } of directory.clients.values())
        for (const { rolename } of roles) expect(directory.roles.has(rolename)).toBe(true);
      expect(({} as Record<string, unknown>)["username"]).toBeUndefined();
    }),
    { numRuns: 300 },
  );
});
