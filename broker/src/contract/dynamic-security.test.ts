// What commands on $CONTROL/dynamic-security/v1 have to do on every broker that Fieldmesh runs on.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { aclBlock } from "../access/acl-block.js";
import { formatPasswordFile } from "../access/password-file.js";
import { hashPassword } from "../access/password-hash.js";
import { startBroker } from "../broker.js";
import { Administrator, type ControlAnswer } from "./administrator.js";
import { dynamicSecurityMissing, startMosquitto } from "./mosquitto.js";
import { TestClient } from "./test-client.js";

interface Files {
  passwordFile: string;
  aclFile: string;
  dynamicSecurityFile: string;
}
type Start = (files: Files) => Promise<{ port: number; close(): Promise<void> }>;

const missing = await dynamicSecurityMissing();
const fieldmesh: Start = (files) => startBroker({ port: 0, ...files });
const mosquitto: Start = (files) => startMosquitto({ ...files, lines: ["set_tcp_nodelay true"] });
const SECRET = "a-secret";

let folder: string;
let encoded: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "fieldmesh-dynamic-security-"));
  encoded = await hashPassword(SECRET);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function filesFor(name: string): Promise<Files> {
  const at = (file: string): string => join(folder, `${name}-${file}`);
  const files = { passwordFile: at("passwords"), aclFile: at("acl"), dynamicSecurityFile: at("dynsec.json") };
  await writeFile(files.passwordFile, formatPasswordFile([{ user: "registry", encoded }]), { mode: 0o600 });
  await writeFile(files.aclFile, aclBlock({ user: "registry", role: "service" }), { mode: 0o600 });
  return files;
}

const administrator = (port: number) =>
  Administrator.connect(port, { username: "registry", password: SECRET });
const client = (port: number, username: string) =>
  TestClient.connect(`mqtt://127.0.0.1:${port}`, { username, password: SECRET });

for (const [name, start, skipped] of [
  ["fieldmesh", fieldmesh, null],
  ["mosquitto", mosquitto, missing],
] as const) {
  describe.skipIf(skipped !== null)(skipped === null ? name : `${name}: ${skipped}`, () =>
    contract(name, start),
  );
}

function contract(name: string, start: Start): void {
  let broker: { port: number; close(): Promise<void> };
  let registry: Administrator;
  beforeAll(async () => {
    broker = await start(await filesFor(name));
    registry = await administrator(broker.port);
  });
  afterAll(async () => {
    await registry.client.end();
    await broker.close();
  });
  const rule = (acltype: string, topic: string, allow: boolean, priority = 0) => ({
    acltype,
    topic,
    allow,
    priority,
  });
  /** A client of its own role, which allows this. (Mosquitto 2.0 does not tell a role of clients made with it.) */
  const make = (username: string, ...acls: object[]): Promise<ControlAnswer[]> =>
    registry.ask(
      { command: "createRole", rolename: username, acls },
      { command: "createClient", username, password: SECRET },
      { command: "addClientRole", username, rolename: username },
    );

  test.each<[string, object | string, ControlAnswer]>([
    ["no JSON", "{", { command: "Unknown command", error: "Payload not valid JSON" }],
    ["no commands", "{}", { command: "Unknown command", error: "Invalid/missing commands" }],
    [
      "a command that is none",
      '{"commands":[5]}',
      { command: "Unknown command", error: "Command not an object" },
    ],
    [
      "a command without a name",
      '{"commands":[{}]}',
      { command: "Unknown command", error: "Missing command" },
    ],
    ["an unknown one", { command: "x" }, { command: "x", error: "Unknown command" }],
    [
      "a correlation that is no text",
      { command: "listRoles", correlationData: 5 },
      { command: "listRoles", error: "Invalid correlationData data type." },
    ],
    [
      "a client that is not there",
      { command: "getClient", username: "none", correlationData: "c" },
      { command: "getClient", error: "Client not found", correlationData: "c" },
    ],
    [
      "a role that is not there",
      { command: "getRole", rolename: "none" },
      { command: "getRole", error: "Role not found" },
    ],
    [
      "a client without a name",
      { command: "createClient" },
      { command: "createClient", error: "Invalid/missing username" },
    ],
    [
      "a client of a role that is not there",
      { command: "createClient", username: "x", roles: [{ rolename: "none" }] },
      { command: "createClient", error: "Role not found" },
    ],
  ])("%s is answered", async (_name, message, answer) => {
    const answers = typeof message === "string" ? registry.send(message) : registry.ask(message);
    expect(await answers).toEqual([answer]);
  });

  test("a role reads back as it was made", async () => {
    const acls = [
      rule("publishClientSend", "a/#", true, 2),
      rule("publishClientReceive", "#", false, -1),
      rule("subscribeLiteral", "a/+", true),
      rule("subscribePattern", "b/#", true),
    ];
    await make("whole", ...acls);
    const [role, holder] = await registry.ask(
      { command: "getRole", rolename: "whole" },
      { command: "getClient", username: "whole" },
    );
    const data = role?.data as { role: { rolename: string; acls: object[] } };
    expect(data.role.rolename).toBe("whole");
    expect(data.role.acls).toHaveLength(acls.length);
    expect(data.role.acls).toEqual(expect.arrayContaining(acls));
    expect(holder?.data).toEqual({
      client: { username: "whole", roles: [{ rolename: "whole" }], groups: [] },
    });
  });

  test("a client does what its rules allow, by their priority, and nothing else", async () => {
    await make(
      "limited",
      rule("publishClientSend", "mesh/out/#", true),
      rule("publishClientSend", "mesh/out/secret", false, 1),
      rule("publishClientReceive", "mesh/in/#", true),
      rule("publishClientReceive", "#", false, -1),
      rule("subscribePattern", "mesh/in/+", true),
      rule("subscribeLiteral", "#", true),
      rule("subscribePattern", "#", false, -1),
    );
    await using limited = await client(broker.port, "limited");
    const granted: number[] = [];
    for (const filter of ["mesh/in/a", "mesh/in/+", "#", "mesh/in/#", "mesh/#"])
      granted.push(...(await limited.subscribe(filter, 1)));
    expect(granted).toEqual([1, 1, 1, 128, 128]);
    await using watcher = await administrator(broker.port);
    await watcher.client.subscribe("mesh/#", 1);
    for (const topic of ["mesh/out/a", "mesh/out/secret", "mesh/in/a", "mesh/x"])
      await limited.publish(topic, "its", { qos: 1 });
    await registry.client.publish("mesh/x", "not for it", { qos: 1 });
    await registry.client.publish("mesh/in/end", "for it", { qos: 1 });
    await limited.until((seen) => seen.length > 0);
    await watcher.client.until((seen) => seen.some(({ topic }) => topic === "mesh/in/end"));
    expect(new Set(limited.seen.map(({ payload }) => payload))).toEqual(new Set(["for it"]));
    const its = watcher.client.seen.filter(({ payload }) => payload === "its");
    expect(its.map(({ topic }) => topic)).toEqual(["mesh/out/a"]);
  });

  test.each<[string, object]>([
    ["disabled", { command: "disableClient", username: "doomed" }],
    ["deprived of its role", { command: "removeClientRole", username: "doomed", rolename: "doomed" }],
    ["given another password", { command: "setClientPassword", username: "doomed", password: "new" }],
    ["changed", { command: "modifyClient", username: "doomed" }],
    ["deleted", { command: "deleteClient", username: "doomed" }],
    ["in a role that is deleted", { command: "deleteRole", rolename: "doomed" }],
  ])("a client that is %s is disconnected", async (_name, command) => {
    await registry.ask(
      { command: "deleteClient", username: "doomed" },
      { command: "deleteRole", rolename: "doomed" },
    );
    await make("doomed", rule("subscribePattern", "#", true));
    await using doomed = await client(broker.port, "doomed");
    expect(await registry.ask(command)).toEqual([{ command: (command as ControlAnswer).command }]);
    await doomed.closed;
  });

  test("a role that is changed whole holds from the next message on, and interrupts nobody", async () => {
    const receives = (topic: string) => [
      rule("publishClientReceive", topic, true),
      rule("publishClientReceive", "#", false, -1),
      rule("subscribePattern", "mesh/#", true),
    ];
    await make("reader", ...receives("mesh/a"));
    await using reader = await client(broker.port, "reader");
    await reader.subscribe("mesh/#", 1);
    await registry.client.publish("mesh/a", "1", { qos: 1 });
    await reader.until((seen) => seen.length === 1);
    await registry.ask({ command: "modifyRole", rolename: "reader", acls: receives("mesh/b") });
    await registry.client.publish("mesh/a", "2", { qos: 1 });
    await registry.client.publish("mesh/b", "3", { qos: 1 });
    await reader.until((seen) => seen.length === 2);
    expect(reader.seen.map(({ payload }) => payload)).toEqual(["1", "3"]);
  });
}

describe.skipIf(missing !== null)(missing ?? "the file of one broker", () => {
  test.each([
    ["ours is taken over by Mosquitto", fieldmesh, mosquitto],
    ["Mosquitto's is taken over by ours", mosquitto, fieldmesh],
  ] as const)("%s", async (name, first, second) => {
    const files = await filesFor(name.slice(0, 4));
    const before = await first(files);
    const registry = await administrator(before.port);
    const look = [
      { command: "listClients", verbose: true },
      { command: "listRoles", verbose: true },
      { command: "getDefaultACLAccess" },
    ];
    await registry.ask(
      {
        command: "createRole",
        rolename: "r",
        textname: "a role",
        acls: [
          { acltype: "publishClientReceive", topic: "mesh/#", allow: true, priority: 3 },
          { acltype: "subscribePattern", topic: "mesh/#", allow: true },
        ],
      },
      { command: "createClient", username: "u", password: SECRET, roles: [{ rolename: "r", priority: 2 }] },
      { command: "createClient", username: "off", password: SECRET, textname: "off", textdescription: "ü" },
      { command: "disableClient", username: "off" },
      { command: "setDefaultACLAccess", acls: [{ acltype: "unsubscribe", allow: false }] },
    );
    const said = await registry.ask(...look);
    await registry.client.end();
    await before.close();
    const after = await second(files);
    await using again = await administrator(after.port);
    expect(await again.ask(...look)).toEqual(said);
    await using u = await client(after.port, "u");
    expect(await u.subscribe("mesh/+")).toEqual([0]);
    await expect(client(after.port, "off")).rejects.toThrow();
    await u.end();
    await after.close();
  });
});
