// What access at the broker has to mean on every broker that Fieldmesh runs on.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { aclBlock, formatPasswordFile, hashPassword, startBroker } from "@fieldmesh/broker";
import { dynamicSecurityMissing, startMosquitto } from "@fieldmesh/broker/mosquitto";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import {
  type AdministeredBroker,
  administeredBroker,
  LOAD_MS,
  NODE,
  SECRET,
  type StartBroker,
} from "../testing/administered-broker.js";
import { CommandLine } from "./command-line.js";

const MOSQUITTO_SUB = "/usr/bin/mosquitto_sub";
const NO_MOSQUITTO_SUB = existsSync(MOSQUITTO_SUB)
  ? null
  : "mosquitto_sub is not installed: apt-get install mosquitto-clients";
if (NO_MOSQUITTO_SUB !== null) process.stderr.write(`skipped: ${NO_MOSQUITTO_SUB}\n`);

const filesIn = (folder: string) => ({
  passwordFile: join(folder, "passwords"),
  aclFile: join(folder, "acl"),
  dynamicSecurityFile: join(folder, "dynamic-security.json"),
});

/** Ours, and a real Mosquitto with its plugin: the name, how it is started, and what is missing for it. */
const BROKERS: readonly (readonly [string, StartBroker, string | null])[] = [
  ["fieldmesh", (folder, port) => startBroker({ port, ...filesIn(folder) }), null],
  [
    "mosquitto",
    (folder, port) =>
      startMosquitto({
        ...filesIn(folder),
        ...(port === 0 ? {} : { port }),
        lines: ["set_tcp_nodelay true"],
      }),
    await dynamicSecurityMissing(),
  ],
];

/** Users in the files, and a pattern that would serve consumers as well. */
async function prepare(folder: string): Promise<void> {
  const { passwordFile, aclFile } = filesIn(folder);
  const encoded = await hashPassword(SECRET);
  const users = ["registry", NODE].map((user) => ({ user, encoded }));
  await writeFile(passwordFile, formatPasswordFile(users), { mode: 0o600 });
  const blocks = [
    aclBlock({ user: "registry", role: "service" }),
    `user ${NODE}\ntopic readwrite env/#\ntopic readwrite hole/#\n`,
    "pattern readwrite hole/%u/#\n",
  ];
  await writeFile(aclFile, blocks.join("\n"), { mode: 0o600 });
}

for (const [name, start, missing] of BROKERS) {
  describe.skipIf(missing !== null)(
    missing === null ? name : `${name}: ${missing}`,
    { timeout: LOAD_MS },
    () => contract(start),
  );
}

function contract(start: StartBroker): void {
  let subject: AdministeredBroker;
  beforeAll(async () => {
    subject = await administeredBroker(prepare, start);
  }, LOAD_MS);
  afterAll(() => subject.close(), LOAD_MS);

  test("an access that is granted lets in at once, to these topics alone", async () => {
    await subject.access.set("ann", new Map([["greenhouse", ["env/n1/#"]]]));
    await using ann = await subject.consumer("ann");
    expect(await ann.subscribes("env/n1/#")).toBe(true);
    expect(await ann.subscribes("env/n2/#")).toBe(false);
    expect(await ann.subscribes("env/#")).toBe(false);
    await subject.publish("env/n2/t/raw", "not hers");
    await subject.publish("env/n1/t/raw", "hers");
    await ann.until((seen) => seen.includes("env/n1/t/raw hers"));
    expect(ann.seen).toEqual(["env/n1/t/raw hers"]);
  });

  const one = (product: string, ...filters: string[]) => new Map([[product, filters]]);
  const NOTHING = new Map<string, string[]>();

  test("who waits before the door is let in when it opens, without doing anything", async () => {
    const { username, password } = await subject.access.renew("early");
    await using early = subject.connect(username, password);
    await early.refused;
    await early.subscribes("env/n1/#");
    await subject.access.set("early", one("greenhouse", "env/n1/#"));
    await early.connected;
    await subject.publish("env/n1/t/raw", "open");
    await early.until((seen) => seen.includes("env/n1/t/raw open"));
  });

  test("a consumer writes nothing, not where it reads either", async () => {
    await subject.access.set("forger", one("greenhouse", "env/n1/#"));
    await using forger = await subject.consumer("forger");
    await forger.subscribes("env/n1/#");
    for (const retain of [false, true]) {
      await forger.link.publish("env/n1/t/raw", "forged", { qos: 1, retain });
      await forger.link.publish("mesh/product/x", "forged", { qos: 1, retain });
      await forger.link.publish("$CONTROL/dynamic-security/v1", '{"commands":[]}', { qos: 1, retain });
      await forger.link.publish("env/n1/t/raw", "forged", { qos: 0, retain });
    }
    await subject.publish("env/n1/t/raw", "true");
    await forger.until((seen) => seen.length > 0);
    expect(forger.seen).toEqual(["env/n1/t/raw true"]);
  });

  test("a filter is granted when all of it is", async () => {
    await subject.access.set("curious", one("greenhouse", "env/n1/#", "env/+/temperature/raw"));
    await using curious = await subject.consumer("curious");
    const inside = ["env/n1/#", "env/n1/+/raw", "env/n1/temperature/raw", "env/+/temperature/raw", "env/n1"];
    const wider = ["env/+/#", "env/#", "#", "+/+/+/raw", "env/+/humidity/raw", "$SYS/#", "$CONTROL/#"];
    for (const filter of inside) expect(await curious.subscribes(filter), filter).toBe(true);
    for (const filter of wider) expect(await curious.subscribes(filter), filter).toBe(false);
  });

  test("of retained messages it gets those that it may read", async () => {
    await subject.publish("env/n1/status", "online", true);
    await subject.publish("env/n2/status", "online", true);
    await subject.access.set("late", one("greenhouse", "env/n1/status"));
    await using late = await subject.consumer("late");
    await Promise.all(
      ["env/n2/status", "env/+/status", "env/n1/status"].map((filter) => late.subscribes(filter)),
    );
    await subject.publish("env/n1/status", "end");
    await late.until((seen) => seen.includes("env/n1/status end"));
    expect(late.seen).toEqual(["env/n1/status online", "env/n1/status end"]);
    await subject.publish("env/n1/status", "", true);
    await subject.publish("env/n2/status", "", true);
  });

  test("revoked, it is thrown out within a second, gets nothing more, and is not let in again", async () => {
    const { username, password } = await subject.access.renew("bob");
    const tookMs: number[] = [];
    // The best of three: what a loaded machine sleeps through is not the broker's.
    for (const round of [1, 2, 3]) {
      await subject.access.set("bob", one("greenhouse", "env/n1/#"));
      await using bob = subject.connect(username, password);
      await bob.connected;
      await bob.subscribes("env/n1/#");
      await subject.publish("env/n1/t/raw", `before ${round}`);
      await bob.until((seen) => seen.length > 0);
      const revokedAt = performance.now();
      const set = subject.access.set("bob", NOTHING);
      await bob.lost;
      tookMs.push(performance.now() - revokedAt);
      await set;
      await subject.publish("env/n1/t/raw", `after ${round}`);
      await bob.refused;
      await subject.publish("env/n1/t/raw", `later ${round}`);
      expect(bob.seen).toEqual([`env/n1/t/raw before ${round}`]);
    }
    expect(Math.min(...tookMs)).toBeLessThan(1_000);
  });

  test("of two products one is taken: the other goes on, and what was held of the first is not handed over", async () => {
    await subject.access.set("two", new Map([...one("a", "env/a/#"), ...one("b", "env/b/#")]));
    const { username, password } = await subject.access.renew("two");
    const before = subject.connect(username, password, { session: true });
    await before.connected;
    await before.subscribes("env/a/#");
    await before.subscribes("env/b/#");
    await subject.publish("env/a/x", "1");
    await subject.publish("env/b/x", "1");
    await before.until((seen) => seen.length === 2);
    await before.link.close();
    await subject.publish("env/a/x", "held");
    await subject.publish("env/b/x", "held");
    await subject.access.set("two", one("b", "env/b/#"));
    await using after = subject.connect(username, password, { session: true });
    await after.connected;
    await subject.publish("env/a/x", "2");
    await subject.publish("env/b/x", "2");
    await after.until((seen) => seen.includes("env/b/x 2"));
    expect(after.seen).toEqual(["env/b/x held", "env/b/x 2"]);
    expect(await after.subscribes("env/a/#")).toBe(false);
  });

  test("a product more does not interrupt the others; the connection of a product less ends", async () => {
    await subject.access.set("more", one("a", "env/a/#"));
    await using more = await subject.consumer("more");
    await more.subscribes("env/a/#");
    await subject.access.set("more", new Map([...one("a", "env/a/#"), ...one("b", "env/b/#")]));
    expect(await more.subscribes("env/b/#")).toBe(true);
    await subject.publish("env/a/x", "1");
    await subject.publish("env/b/x", "1");
    await more.until((seen) => seen.length === 2);
    expect(more.link.connected).toBe(true);
    await subject.access.set("more", one("b", "env/b/#"));
    await more.lost;
  });

  test("a new password ends the connections of the old one, which lets nobody in any more", async () => {
    await subject.access.set("ann", one("greenhouse", "env/n1/#"));
    const old = await subject.access.renew("ann");
    await using before = subject.connect(old.username, old.password);
    await before.connected;
    await using after = await subject.consumer("ann");
    await before.lost;
    await before.refused;
    expect(await after.subscribes("env/n1/#")).toBe(true);
  });

  test("a credential without a product opens nothing, and a pattern of the ACL file does not either", async () => {
    const { username, password } = await subject.access.renew("nobody");
    await using nobody = subject.connect(username, password);
    await nobody.refused;
    await subject.access.set("nobody", one("greenhouse", "env/n1/#"));
    await nobody.connected;
    const own = `hole/${username}/x`; // the file lets every user read and write there
    expect(await nobody.subscribes(own)).toBe(false);
    await nobody.subscribes("env/n1/#");
    await subject.link.subscribe([own]);
    const forged = vi.fn<(topic: string) => void>();
    const stop = subject.link.onMessage((topic, payload) => {
      if (payload.toString() === "forged") forged(topic);
    });
    await nobody.link.publish(own, "forged", { qos: 1 });
    await subject.publish(own, "not for it");
    await subject.publish("env/n1/t/raw", "end");
    await nobody.until((seen) => seen.includes("env/n1/t/raw end"));
    stop();
    expect(nobody.seen).toEqual(["env/n1/t/raw end"]);
    expect(forged).not.toHaveBeenCalled();
  });

  test.each(["#", "+", "a/b", "x:y", "ann ", "Ann", ".61nn", "ünïcødé ☃", '"},{"', "%u", "n".repeat(100)])(
    "the consumer %s has a name of its own at the broker",
    async (name) => {
      await subject.access.set("ann", one("a", "env/a/#"));
      await subject.access.set(name, one("b", "env/b/#"));
      await using consumer = await subject.consumer(name);
      expect(await consumer.subscribes("env/a/#")).toBe(false);
      expect(await consumer.subscribes("env/b/#")).toBe(true);
      await subject.publish("env/b/x", name);
      await consumer.until((seen) => seen.includes(`env/b/x ${name}`));
      await subject.access.set(name, NOTHING);
      await consumer.lost;
    },
  );

  test("filters that reach beyond a domain, or are none, open nothing", async () => {
    await subject.access.set("greedy", one("all", "#", "+/n1/#", "$SYS/#", "env/n1#", "env//\0", "env/n1/t"));
    await using greedy = await subject.consumer("greedy");
    expect(await greedy.subscribes("env/n1/t")).toBe(true);
    expect(await greedy.subscribes("env/n1/#")).toBe(false);
    expect(await greedy.subscribes("$SYS/broker/uptime")).toBe(false);
  });

  test("everybody is set at once; clients and roles of others stay as they are", async () => {
    const line = new CommandLine(subject.link);
    await line.listen();
    await line.send([
      { command: "createRole", rolename: "theirs", acls: [] },
      { command: "createClient", username: "theirs", password: "x", roles: [{ rolename: "theirs" }] },
      { command: "createClient", username: "consumer.9", password: "x" }, // no name of ours: 9 is consumer.9 + nothing
      { command: "createClient", username: "consumer..2", password: "x" },
      { command: "createClient", username: "consumer.ANN", password: "x" },
      { command: "createRole", rolename: "consumer.old", acls: [] },
    ]);
    const look = (username: string) => line.send([{ command: "getClient", username }]);
    const before = await look("theirs");
    const odd = await look("consumer..2");
    await subject.access.set("gone", one("a", "env/a/#"));
    await using gone = await subject.consumer("gone");
    const all = new Map([["ann", one("a", "env/a/#")]]);
    await subject.access.reconcile(all);
    await gone.lost;
    await gone.refused;
    expect(subject.access.state).toEqual({ available: true });
    expect(await look("theirs")).toEqual(before);
    expect(await look("consumer..2")).toEqual(odd);
    expect(await look("consumer.gone")).toMatchObject([{ data: { client: { disabled: true } } }]);
    expect(await look("consumer.ANN")).toMatchObject([{ data: { client: { disabled: true } } }]); // a consumer's name
    expect(await look("consumer.ann")).toMatchObject([
      { data: { client: { roles: [{ rolename: "consumer.ann" }] } } },
    ]);
    // Again, it finds everything as it should be.
    const published = vi.spyOn(subject.link, "publish");
    await subject.access.reconcile(all);
    const commands = published.mock.calls.flatMap(([, payload]) => {
      const { commands: sent } = JSON.parse(String(payload)) as { commands: { command: string }[] };
      return sent.map(({ command }) => command);
    });
    published.mockRestore();
    expect(commands.length).toBeGreaterThan(0);
    expect(commands.filter((command) => !/^(get|list)/.test(command))).toEqual([]);
    line.close();
  });

  test("what was decided while the broker was away holds when it is back", async () => {
    await subject.access.reconcile(
      new Map([
        ["stays", one("a", "env/a/#")],
        ["goes", one("a", "env/a/#")],
      ]),
    );
    await using stays = await subject.consumer("stays");
    await using goes = await subject.consumer("goes");
    await stays.subscribes("env/a/#");
    await subject.stop();
    await Promise.all([stays.lost, goes.lost]);
    await vi.waitFor(() => expect(subject.access.state).toMatchObject({ available: false }), {
      timeout: LOAD_MS,
    });
    expect(subject.access.state.reason).toContain("cannot be reached");
    await subject.access.set("goes", NOTHING);
    await subject.access.set("comes", one("a", "env/a/#"));
    await expect(subject.access.renew("stays")).rejects.toMatchObject({ code: "broker_away" });
    await subject.start();
    await goes.refused;
    await using comes = await subject.consumer("comes");
    expect(await comes.subscribes("env/a/#")).toBe(true);
    await vi.waitFor(() => expect(subject.access.state).toEqual({ available: true }), { timeout: LOAD_MS });
    await vi.waitFor(
      async () => {
        await subject.publish("env/a/x", "back");
        expect(stays.seen).toContain("env/a/x back");
      },
      { timeout: LOAD_MS },
    );
  });

  test.skipIf(NO_MOSQUITTO_SUB !== null)("mosquitto_sub gets in, and is thrown out", async () => {
    await subject.access.set("sub", one("greenhouse", "env/n1/#"));
    const { username, password } = await subject.access.renew("sub");
    const args = [
      "-h",
      "127.0.0.1",
      "-p",
      `${subject.port}`,
      "-u",
      username,
      "-P",
      password,
      "-t",
      "env/n1/#",
      "-v",
    ];
    const sub = spawn(MOSQUITTO_SUB, args, { stdio: ["ignore", "pipe", "ignore"] });
    let out = "";
    sub.stdout.on("data", (chunk: Buffer) => {
      out += chunk.toString();
    });
    const ended = once(sub, "exit");
    await vi.waitFor(
      async () => {
        await subject.publish("env/n1/t/raw", "for it");
        expect(out).toContain("env/n1/t/raw for it");
      },
      { timeout: LOAD_MS },
    );
    await subject.access.set("sub", NOTHING);
    await subject.publish("env/n1/t/raw", "not for it");
    const [code] = (await ended) as [number];
    expect(code).not.toBe(0); // it was refused when it came back
    expect(out).not.toContain("not for it");
  });
}
