// Administration over MQTT, as the broker does it.
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { aclBlock } from "../access/acl-block.js";
import { formatPasswordFile } from "../access/password-file.js";
import { hashPassword } from "../access/password-hash.js";
import { startBroker } from "../broker.js";
import { Administrator } from "../contract/administrator.js";
import { onFrames } from "../contract/frame-counter.js";
import { connectPacket, RawClient, TestClient } from "../contract/test-client.js";
import { MAX_REQUEST_BYTES } from "./bounds.js";
import { ANSWER_TOPIC, COMMAND_TOPIC } from "./topics.js";

const MAIN = fileURLToPath(import.meta.resolve("@fieldmesh/broker/main"));
/** What a loaded machine may take for anything. */
const LOAD_MS = 60_000;
const url = (port: number) => `mqtt://127.0.0.1:${port}`;
const credentials = (username: string) => ({ username, password: `${username}-secret` });

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "fieldmesh-control-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** The QoS that each filter is granted; 128 is a refusal. */
async function grants(client: TestClient, ...filters: string[]): Promise<number[]> {
  const granted: number[] = [];
  for (const filter of filters) granted.push(...(await client.subscribe(filter)));
  return granted;
}

const reads = (topic: string) => [
  { acltype: "publishClientReceive", topic, allow: true },
  { acltype: "subscribePattern", topic, allow: true },
];
const makeReader = (username: string, topic: string) => [
  { command: "createRole", rolename: username, acls: reads(topic) },
  { command: "createClient", ...credentials(username), roles: [{ rolename: username }] },
];

describe("without files, on loopback", () => {
  test("whoever is there administers; a client that is made signs in, and may what its roles allow", async () => {
    await using broker = await startBroker({ port: 0 });
    await using anyone = await Administrator.connect(broker.port);
    await anyone.ask(...makeReader("ann", "env/#"));
    await using ann = await TestClient.connect(url(broker.port), credentials("ann"));
    expect(await grants(ann, "env/#", "#", ANSWER_TOPIC)).toEqual([0, 128, 128]);
    await ann.publish("env/x", "forged", { qos: 1 });
    await anyone.client.publish("env/x", "true", { qos: 1 });
    await anyone.client.publish("farm/x", "not hers", { qos: 1 });
    await anyone.client.publish("env/end", "", { qos: 1 });
    await ann.until((seen) => seen.some(({ topic }) => topic === "env/end"));
    expect(ann.seen.map(({ payload }) => payload)).toEqual(["true", ""]);
    for (const wrong of [
      { username: "ann", password: "wrong" },
      { username: "ann" },
      { username: "ann", password: "" },
    ]) {
      await expect(TestClient.connect(url(broker.port), wrong)).rejects.toMatchObject({ code: 4 });
    }
    // A name that nobody made proves nothing, as before.
    await (await TestClient.connect(url(broker.port), { username: "someone", password: "x" })).end();
  });

  test("nothing of it is forwarded, and the answer goes to who asked alone", async () => {
    await using broker = await startBroker({ port: 0 });
    await using watcher = await TestClient.connect(url(broker.port));
    await watcher.subscribe(["#", "+/#", "$CONTROL/#", ANSWER_TOPIC, COMMAND_TOPIC], 1);
    await using asking = await Administrator.connect(broker.port);
    expect(await asking.ask({ command: "createClient", ...credentials("ann") })).toEqual([
      { command: "createClient" },
    ]);
    for (const retain of [false, true]) {
      await watcher.publish("$CONTROL/other/v1", "x", { qos: 1, retain });
      await watcher.publish(ANSWER_TOPIC, "forged", { qos: 1, retain });
    }
    await watcher.publish("marker", "", { qos: 1 });
    expect(await watcher.settled("marker")).toEqual([]);
    expect(asking.client.seen).toHaveLength(1);
    await using later = await TestClient.connect(url(broker.port));
    await later.subscribe([ANSWER_TOPIC, COMMAND_TOPIC, "marker"], 1);
    await later.publish("marker", "", { qos: 1 });
    expect(await later.settled("marker")).toEqual([]);
  });

  test("a command is carried out once, at whatever QoS it comes", async () => {
    await using broker = await startBroker({ port: 0 });
    await using asking = await Administrator.connect(broker.port);
    for (const qos of [0, 1, 2] as const) {
      const commands = [{ command: "createRole", rolename: `r${qos}` }];
      await asking.client.publish(COMMAND_TOPIC, JSON.stringify({ commands }), { qos });
    }
    await asking.client.until((seen) => seen.length === 3);
    expect(await asking.ask({ command: "listRoles" })).toMatchObject([
      { data: { roles: ["r0", "r1", "r2"] } },
    ]);
    expect(asking.client.seen.map(({ payload }) => payload).join()).not.toContain("error");
    expect(asking.client.seen).toHaveLength(4);
  });

  test("a message too long, or of any bytes, is answered with an error", async () => {
    await using broker = await startBroker({ port: 0 });
    await using asking = await Administrator.connect(broker.port);
    expect(await asking.send("x".repeat(MAX_REQUEST_BYTES + 1))).toMatchObject([
      { error: expect.stringContaining(`${MAX_REQUEST_BYTES}`) },
    ]);
    expect(await asking.send(Buffer.from([0xff, 0xfe, 0x00]))).toMatchObject([
      { error: "Payload not valid JSON" },
    ]);
    expect(await asking.send("[".repeat(100_000))).toMatchObject([{ error: "Payload not valid JSON" }]);
    expect(await asking.ask({ command: "listClients" })).toMatchObject([{ data: { totalCount: 0 } }]);
  });
});

describe("beside the files", () => {
  const files = () => ({ passwordFile: join(folder, "passwords"), aclFile: join(folder, "acl") });
  beforeAll(async () => {
    const users = await Promise.all(
      ["registry", "other"].map(async (user) => ({ user, encoded: await hashPassword(`${user}-secret`) })),
    );
    await writeFile(files().passwordFile, formatPasswordFile(users));
    const blocks = [
      aclBlock({ user: "registry", role: "service" }),
      aclBlock({ user: "other", role: "node", domain: "env", name: "other" }),
      "pattern readwrite hole/%u/#\npattern read everywhere/#\n",
    ];
    await writeFile(files().aclFile, blocks.join("\n"));
  });

  test("only who may write the topic administers", async () => {
    await using broker = await startBroker({ port: 0, ...files() });
    await using other = await TestClient.connect(url(broker.port), credentials("other"));
    expect(await grants(other, ANSWER_TOPIC, "$CONTROL/#")).toEqual([128, 128]);
    const command = JSON.stringify({ commands: makeReader("ann", "#") });
    await other.publish(COMMAND_TOPIC, command, { qos: 1 });
    expect(broker.drops["publish-denied"]).toBe(1);
    await using registry = await Administrator.connect(broker.port, credentials("registry"));
    expect(await registry.ask({ command: "listClients" })).toMatchObject([{ data: { totalCount: 0 } }]);
    await registry.send(command);
    // A client of the directory administers when a role of it says so.
    await using ann = await TestClient.connect(url(broker.port), credentials("ann"));
    expect(await ann.subscribe(ANSWER_TOPIC)).toEqual([128]);
    const rule = { acltype: "publishClientSend", topic: "$CONTROL/dynamic-security/#", allow: true };
    await registry.ask({ command: "addRoleACL", rolename: "ann", ...rule });
    await ann.closed;
    await using again = await Administrator.connect(broker.port, credentials("ann"));
    expect(await again.ask({ command: "listClients" })).toMatchObject([{ data: { clients: ["ann"] } }]);
  });

  test("a client of the directory is judged by it alone, so a pattern of the file opens nothing to it", async () => {
    await using broker = await startBroker({ port: 0, ...files() });
    await using registry = await Administrator.connect(broker.port, credentials("registry"));
    await registry.ask(...makeReader("ann", "env/#"));
    await using ann = await TestClient.connect(url(broker.port), credentials("ann"));
    expect(await grants(ann, "hole/ann/x", "everywhere/x", "#", "env/+")).toEqual([128, 128, 128, 0]);
    await using other = await TestClient.connect(url(broker.port), credentials("other"));
    expect(await grants(other, "hole/other/x", "everywhere/x")).toEqual([0, 0]);
  });

  test("who is in both is a client of the directory, from the moment it is made", async () => {
    await using broker = await startBroker({ port: 0, ...files() });
    await using registry = await Administrator.connect(broker.port, credentials("registry"));
    const before = await TestClient.connect(url(broker.port), credentials("other"));
    await registry.ask({ command: "createClient", username: "other", password: "new" });
    await before.closed;
    await expect(TestClient.connect(url(broker.port), credentials("other"))).rejects.toMatchObject({
      code: 4,
    });
    await using after = await TestClient.connect(url(broker.port), { username: "other", password: "new" });
    expect(await after.subscribe("env/other/#")).toEqual([128]);
    await registry.ask({ command: "deleteClient", username: "other" });
    await after.closed;
    await (await TestClient.connect(url(broker.port), credentials("other"))).end();
  });
});

test("a rule that changes holds from the next message on, also where permissions are remembered", async () => {
  await using broker = await startBroker({ port: 0 });
  await using administrator = await Administrator.connect(broker.port);
  const rule = (topic: string, allow: boolean) => ({ acltype: "publishClientSend", topic, allow });
  await administrator.ask(
    { command: "createRole", rolename: "w", acls: [rule("a/#", true)] },
    { command: "createClient", ...credentials("w"), roles: [{ rolename: "w" }] },
  );
  using reader = new RawClient(broker.port);
  const filter = Buffer.from("a/#");
  reader.send(connectPacket("reader"), Buffer.from([0x82, 8, 0, 1, 0, 3, ...filter, 0]));
  await reader.bytes(9);
  const got: string[] = [];
  onFrames(reader, ({ topic, payload }) => got.push(`${topic} ${payload.toString()}`));
  await using writer = await TestClient.connect(url(broker.port), credentials("w"));
  await writer.publish("a/x", "1");
  await writer.publish("a/x", "2");
  await vi.waitFor(() => expect(got).toEqual(["a/x 1", "a/x 2"]), { timeout: LOAD_MS });
  await administrator.ask({ command: "modifyRole", rolename: "w", acls: [rule("a/y", true)] });
  await writer.publish("a/x", "3");
  await writer.publish("a/y", "4");
  await vi.waitFor(() => expect(got).toContain("a/y 4"), { timeout: LOAD_MS });
  expect(got).toEqual(["a/x 1", "a/x 2", "a/y 4"]);
});

test("logs name who changed what, and no secret", async () => {
  const lines: string[] = [];
  const write = (fields: object, message: string): void => {
    lines.push(`${message} ${JSON.stringify(fields)}`);
  };
  const log = { debug: write, info: write, warn: write, error: write };
  await using broker = await startBroker({ port: 0 }, { log });
  await using administrator = await Administrator.connect(broker.port);
  await administrator.ask(
    { command: "createClient", username: "ann", password: "hunter2" },
    { command: "createClient", username: "ann", password: "hunter2" },
    { command: "setClientPassword", username: "ann", password: "hunter2" },
  );
  const changed = lines.find((line) => line.startsWith("clients and roles changed"));
  expect(changed).toContain('"commands":["createClient","setClientPassword"]');
  expect(lines.find((line) => line.startsWith("commands on clients"))).toContain("Client already exists");
  expect(lines.join("\n")).not.toContain("hunter2");
});

describe("kept on disk", { timeout: LOAD_MS }, () => {
  async function run(file: string): Promise<{ child: ChildProcess; port: number }> {
    const env = { ...process.env, MQTT_PORT: "0", MQTT_WS_PORT: "0", DYNAMIC_SECURITY_FILE: file };
    const child = spawn(process.execPath, [MAIN], { env, stdio: ["ignore", "pipe", "inherit"] });
    let output = "";
    child.stdout?.on("data", (chunk: Buffer) => {
      output += chunk.toString();
    });
    await expect.poll(() => output, { timeout: LOAD_MS }).toContain("broker listening");
    return { child, port: Number(/"port":(\d+)/.exec(output)?.[1]) };
  }

  test("what was acknowledged is there after kill -9, for its owner's eyes only", async () => {
    const file = join(folder, "new", "dynamic-security.json");
    const first = await run(file);
    await using administrator = await Administrator.connect(first.port);
    await administrator.ask(...makeReader("ann", "env/#"));
    // Many at once: each answer stands for something kept.
    const acknowledged = new Set<string>();
    const asked = Array.from({ length: 200 }, (_, i) => ({ command: "createRole", rolename: `r${i}` }));
    const { client } = administrator;
    for (const command of asked) {
      const commands = [{ ...command, correlationData: command.rolename }];
      void client.mqtt
        .publishAsync(COMMAND_TOPIC, JSON.stringify({ commands }), { qos: 0 })
        .catch(() => undefined);
    }
    await client.until((seen) => seen.length > 20);
    first.child.kill("SIGKILL");
    await once(first.child, "exit");
    for (const { payload } of client.seen.slice(1)) {
      const { responses } = JSON.parse(payload) as { responses: { correlationData: string }[] };
      for (const { correlationData } of responses) acknowledged.add(correlationData);
    }
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    const second = await run(file);
    await using again = await Administrator.connect(second.port);
    const [roles] = await again.ask({ command: "listRoles" });
    const { roles: kept } = (roles?.data ?? { roles: [] }) as { roles: string[] };
    expect(acknowledged.size).toBeGreaterThan(0);
    expect([...acknowledged].filter((role) => !kept.includes(role))).toEqual([]);
    await (await TestClient.connect(url(second.port), credentials("ann"))).end();
    second.child.kill("SIGTERM");
    await once(second.child, "exit");
  });

  test("a change that cannot be kept holds, and its answer says so", async () => {
    const file = join(folder, "folder-in-the-way");
    await using broker = await startBroker({ port: 0, dynamicSecurityFile: join(file, "x", "y.json") });
    await writeFile(file, "not a folder");
    await using administrator = await Administrator.connect(broker.port);
    const answers = await administrator.ask({ command: "createClient", ...credentials("ann") });
    expect(answers).toMatchObject([{ error: expect.stringMatching(/holds, but could not be kept/) }]);
    await (await TestClient.connect(url(broker.port), credentials("ann"))).end();
  });

  test("a file that is none stops the start", async () => {
    const file = join(folder, "broken.json");
    await writeFile(file, "{");
    await expect(startBroker({ port: 0, dynamicSecurityFile: file })).rejects.toMatchObject({
      code: "BROKER_CONTROL_FILE",
    });
    expect(await readFile(file, "utf8")).toBe("{");
  });
});

const noControl = await promisify(execFile)("mosquitto_ctrl", ["--help"]).then(
  () => null,
  (error: NodeJS.ErrnoException) =>
    error.code === "ENOENT" ? "mosquitto_ctrl is not installed: apt-get install mosquitto" : null,
);

describe.skipIf(noControl !== null)(noControl ?? "mosquitto_ctrl dynsec", () => {
  test(
    "makes a client with a role, shows both, and takes them away",
    async () => {
      await using broker = await startBroker({ port: 0 });
      const dynsec = async (...args: string[]): Promise<string> => {
        const connection = ["-h", "127.0.0.1", "-p", `${broker.port}`, "-V", "mqttv311", "dynsec"];
        const { stdout, stderr } = await promisify(execFile)("mosquitto_ctrl", [...connection, ...args]);
        return stdout + stderr.replace(/^(Warning: You are running|This means all).*\n/gm, "");
      };
      await dynsec("createRole", "greenhouse");
      await dynsec("addRoleACL", "greenhouse", "publishClientReceive", "env/n1/#", "allow", "5");
      await dynsec("addRoleACL", "greenhouse", "subscribePattern", "env/n1/#", "allow");
      await dynsec("createClient", "ann", "-p", "ann-secret");
      await dynsec("addClientRole", "ann", "greenhouse", "2");
      expect(await dynsec("getClient", "ann")).toMatch(
        /Username:\s+ann[\s\S]*Roles:\s+greenhouse \(priority: 2\)/,
      );
      expect(await dynsec("getRole", "greenhouse")).toMatch(
        /publishClientReceive : allow : env\/n1\/# \(priority: 5\)\n.*subscribePattern\s+: allow : env\/n1\/#/,
      );
      expect(await dynsec("listClients")).toContain("ann");
      expect(await dynsec("listRoles")).toContain("greenhouse");
      expect(await dynsec("getDefaultACLAccess")).toMatch(/publishClientReceive\s*: deny/);
      expect(await dynsec("createRole", "greenhouse")).toContain("Role already exists");
      expect(await dynsec("createGroup", "g")).toContain("Groups are not supported");
      await using ann = await TestClient.connect(url(broker.port), credentials("ann"));
      expect(await grants(ann, "env/n1/#", "env/n2/#")).toEqual([0, 128]);
      await dynsec("setClientPassword", "ann", "another");
      await ann.closed;
      await dynsec("disableClient", "ann");
      await dynsec("enableClient", "ann");
      await dynsec("setDefaultACLAccess", "subscribe", "allow");
      await dynsec("removeRoleACL", "greenhouse", "subscribePattern", "env/n1/#");
      await dynsec("removeClientRole", "ann", "greenhouse");
      await dynsec("deleteRole", "greenhouse");
      await dynsec("deleteClient", "ann");
      expect(await dynsec("listClients")).not.toContain("ann");
    },
    LOAD_MS,
  );
});
