// What users and access rules have to mean on every broker that Fieldmesh runs on.
import { mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { IClientOptions } from "mqtt";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { aclBlock } from "../access/acl-block.js";
import { formatPasswordFile } from "../access/password-file.js";
import { hashPassword } from "../access/password-hash.js";
import { BROKERS, type Options, type Running } from "./brokers.js";
import { TestClient } from "./test-client.js";

for (const [name, start, missing] of BROKERS) {
  describe.skipIf(missing !== null)(missing === null ? name : `${name}: ${missing}`, () => contract(start));
}

function contract(start: (options: Options) => Promise<Running>): void {
  let folder = "";
  let broker: Running;
  const files = { passwordFile: "", aclFile: "" };
  const users = new Map<string, string>();
  const connect = (username: string, options: IClientOptions = {}): Promise<TestClient> =>
    TestClient.connect(`mqtt://127.0.0.1:${broker.port}`, {
      username,
      password: `${username}-secret`,
      ...options,
    });
  const writePasswords = async (): Promise<void> => {
    const text = formatPasswordFile(Array.from(users, ([user, encoded]) => ({ user, encoded })));
    await writeFile(`${files.passwordFile}.new`, text);
    await rename(`${files.passwordFile}.new`, files.passwordFile);
  };
  const blocks = [
    aclBlock({ user: "n1", role: "node", domain: "env", name: "n1" }),
    aclBlock({ user: "n2", role: "node", domain: "env", name: "n2" }),
    aclBlock({ user: "reader", role: "reader", domain: "env" }),
    aclBlock({ user: "operator", role: "operator", domain: "env" }),
    aclBlock({ user: "service", role: "service" }),
    aclBlock({ user: "legacy", role: "legacy", domain: "env" }),
  ];
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "fieldmesh-contract-"));
    files.passwordFile = join(folder, "passwords");
    files.aclFile = join(folder, "acl");
    for (const user of ["n1", "n2", "reader", "operator", "service", "legacy", "doomed"]) {
      users.set(user, await hashPassword(`${user}-secret`));
    }
    await writePasswords();
    await writeFile(files.aclFile, blocks.join("\n"));
    broker = await start(files);
  });
  afterAll(async () => {
    await broker.close();
    await rm(folder, { recursive: true });
  });

  test("refuses a wrong password, an unknown user and an anonymous client", async () => {
    // 4 = bad user name or password, 5 = not authorized: Mosquitto says 5 for all.
    for (const options of [
      { username: "n1", password: "wrong" },
      { username: "nobody", password: "x" },
      {},
    ]) {
      const refused = TestClient.connect(`mqtt://127.0.0.1:${broker.port}`, options);
      await expect(refused).rejects.toMatchObject({ code: expect.toBeOneOf([4, 5]) });
    }
    await (await connect("n1")).end();
  });

  /** What of these topics, published by the user, a service gets to see. */
  async function published(user: string, topics: readonly string[]): Promise<string[]> {
    await using service = await connect("service");
    await service.subscribe("#", 1);
    await service.subscribe("mesh/#", 1);
    await using client = await connect(user);
    for (const topic of topics) await client.publish(topic, user, { qos: 1 }); // acknowledged, allowed or not
    await service.publish("mesh/marker", "", { qos: 1 });
    return [...(await service.settled("mesh/marker"))].filter((topic) => topics.includes(topic));
  }

  test.each([
    [
      "n1",
      ["env/n1/temperature/raw", "env/n1/birth", "env/n1/cmd/time/reply", "env/event/n1/temperature/hot"],
    ],
    ["operator", ["env/n1/cmd/read-now", "mesh/ack/env/n1/temperature/hot"]],
    ["service", ["mesh/product/x", "env/n1/cmd/resend", "env/gone/birth", "env/event/gone/t/r"]],
    ["legacy", ["env/temperature/raw", "env/event/overheat"]],
  ])("%s publishes what its role may", async (user, topics) => {
    expect(await published(user, topics)).toEqual(topics);
  });

  test.each([
    [
      "n1",
      [
        "env/n2/temperature/raw",
        "env/event/n2/temperature/hot",
        "env/n2/status",
        "lab/n1/birth",
        "mesh/ack/env/n1/t/r",
        "env/n10/birth",
      ],
    ],
    ["reader", ["env/n1/temperature/raw", "env/n1/cmd/read-now", "mesh/product/x"]],
    ["operator", ["env/n1/temperature/raw", "lab/n1/cmd/read-now", "mesh/product/x"]],
    ["service", ["env/n1/temperature/raw"]],
    ["legacy", ["env/n1/temperature/raw", "env/event/n1/t/r"]],
  ])("%s cannot forge anything else, and stays connected", async (user, topics) => {
    expect(await published(user, topics)).toEqual([]);
  });

  test("a forged will is not published", async () => {
    await using service = await connect("service");
    await service.subscribe("#", 1);
    const will = { topic: "env/n2/status", payload: Buffer.from("offline"), qos: 1 as const, retain: true };
    const forger = await connect("n1", { will }).catch(() => null);
    await forger?.break();
    await service.publish("mesh/marker", "", { qos: 1 });
    expect(await service.settled("mesh/marker")).toEqual([]);
  });

  test("reads are limited to the role, whatever the filter", async () => {
    await using node = await connect("n1");
    await using reader = await connect("reader");
    await node.subscribe("#", 1);
    await node.subscribe("env/n1/cmd/#", 1);
    await reader.subscribe("+/+/+/raw", 1);
    await reader.subscribe("mesh/#", 1);
    await using other = await connect("n2");
    await using service = await connect("service");
    await other.publish("env/n2/temperature/raw", "1", { qos: 1 });
    await service.publish("lab/n1/cmd/time", "x", { qos: 1 });
    await service.publish("env/n1/cmd/time", "x", { qos: 1 });
    await service.publish("mesh/product/x", "x", { qos: 1 });
    await service.publish("mesh/marker", "", { qos: 1 });
    expect(await node.until((seen) => seen.length > 0)).toMatchObject([{ topic: "env/n1/cmd/time" }]);
    expect(await reader.settled("mesh/marker")).toEqual(["env/n2/temperature/raw", "mesh/product/x"]);
    expect(node.seen).toHaveLength(1);
  });

  test("a retained status is read by its own node at once", async () => {
    await using node = await connect("n1");
    await node.publish("env/n1/status", "offline", { qos: 1, retain: true });
    await using again = await connect("n1");
    await again.subscribe("env/n1/status", 1);
    expect(await again.until((seen) => seen.length > 0)).toMatchObject([
      { payload: "offline", retain: true },
    ]);
    await again.publish("env/n1/status", "", { qos: 1, retain: true });
  });

  test("changed files are read again: the removed user is disconnected, the new one let in", async () => {
    await using doomed = await connect("doomed");
    await using kept = await connect("n2");
    users.delete("doomed");
    users.set("newcomer", await hashPassword("newcomer-secret"));
    const changed = performance.now();
    await writePasswords();
    broker.reload();
    await doomed.closed;
    expect(performance.now() - changed).toBeLessThan(1_000);
    await expect(connect("doomed")).rejects.toThrow();
    await (await connect("newcomer")).end();
    await kept.publish("env/n2/birth", "still here", { qos: 1 });
  });

  test("changed access rules hold from the next message on, for connections that stand", async () => {
    await using service = await connect("service");
    await service.subscribe("env/#", 1);
    await using legacy = await connect("legacy");
    await legacy.publish("env/extra", "before", { qos: 1 });
    await writeFile(`${files.aclFile}.new`, `${blocks.join("\n")}\ntopic write env/extra\n`); // legacy's is the last block
    await rename(`${files.aclFile}.new`, files.aclFile);
    broker.reload();
    while (!service.seen.some(({ topic }) => topic === "env/extra")) {
      await legacy.publish("env/extra", "after", { qos: 1 });
      await service.publish("env/n1/cmd/tick", "", { qos: 1 });
    }
    expect(service.seen.find(({ topic }) => topic === "env/extra")?.payload).toBe("after");
  });
}
