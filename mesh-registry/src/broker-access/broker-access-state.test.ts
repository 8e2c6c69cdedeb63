// What the registry says when the broker does not do as it is told, and how it goes on.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Broker, formatPasswordFile, hashPassword, startBroker } from "@fieldmesh/broker";
import { mosquittoMissing, startMosquitto } from "@fieldmesh/broker/mosquitto";
import { createMqttLink, type MqttLink } from "@fieldmesh/runtime";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { LOAD_MS } from "../testing/administered-broker.js";
import { quiet as log } from "../testing/quiet.js";
import { createBrokerAccess } from "./broker-access.js";

const missing = await mosquittoMissing();
const A = new Map([["a", ["env/a/#"]]]);
const ADMINISTERS = "topic readwrite $CONTROL/dynamic-security/#\n";

let folder: string;
let files: { passwordFile: string; aclFile: string };
const closers: (() => Promise<void>)[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "fieldmesh-access-state-"));
  files = { passwordFile: join(folder, "passwords"), aclFile: join(folder, "acl") };
  await writeFile(
    files.passwordFile,
    formatPasswordFile([{ user: "registry", encoded: await hashPassword("p") }]),
  );
  await writeFile(files.aclFile, "user registry\ntopic read #\n");
});
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
  await rm(folder, { recursive: true });
});

async function linked({ port }: Pick<Broker, "port">): Promise<MqttLink> {
  const urls = [`mqtt://127.0.0.1:${port}`];
  const link = createMqttLink({ urls, clientId: "fm_registry", username: "registry", password: "p", log });
  closers.push(() => link.close());
  const connected = new Promise<void>((resolve) => link.onConnect(() => resolve()));
  link.start();
  await connected;
  return link;
}

test(
  "a user that may not administer is told what it lacks, and goes on when it has got it",
  async () => {
    const broker = await startBroker({ port: 0, ...files });
    closers.push(() => broker.close());
    const access = createBrokerAccess({ link: await linked(broker), log });
    closers.push(() => access.close());
    await access.set("ann", A);
    expect(access.state).toEqual({
      available: false,
      reason: expect.stringMatching(/does not let the registry's user administer it: give it role service/),
    });
    await expect(access.renew("ann")).rejects.toMatchObject({ code: "broker_forbids" });
    await writeFile(files.aclFile, `user registry\ntopic read #\n${ADMINISTERS}`);
    await vi.waitFor(() => expect(access.state).toEqual({ available: true }), { timeout: LOAD_MS });
    expect(await access.renew("ann")).toMatchObject({ username: "consumer.ann" });
  },
  LOAD_MS,
);

test.skipIf(missing !== null)(
  missing ?? "a Mosquitto without the plugin is silent, and that is said",
  async () => {
    await writeFile(files.aclFile, `user registry\ntopic read #\n${ADMINISTERS}`);
    const broker = await startMosquitto(files);
    closers.push(() => broker.close());
    const access = createBrokerAccess({ link: await linked(broker), log, answerMs: 200 });
    closers.push(() => access.close());
    await access.reconcile(new Map([["ann", A]]));
    expect(access.state).toEqual({
      available: false,
      reason: expect.stringMatching(/does not answer .* load Mosquitto's dynamic-security plugin/),
    });
    await expect(access.renew("ann")).rejects.toMatchObject({ code: "broker_silent" });
  },
  LOAD_MS,
);

test(
  "a consumer that the broker refuses is named, and does not stop the others",
  async () => {
    const broker = await startBroker({ port: 0 });
    closers.push(() => broker.close());
    const access = createBrokerAccess({ link: await linked(broker), log });
    closers.push(() => access.close());
    await access.set("\0", A);
    await access.set("ann", A);
    expect(await access.renew("ann")).toMatchObject({ username: "consumer.ann" });
  },
  LOAD_MS,
);

test("without a connection nothing waits, and it is done later", async () => {
  const link = createMqttLink({ urls: ["mqtt://127.0.0.1:1"], clientId: "fm_registry", log });
  const access = createBrokerAccess({ link, log });
  closers.push(() => access.close());
  await access.reconcile(new Map([["ann", A]]));
  await access.set("bob", A);
  expect(access.state).toEqual({ available: false, reason: expect.stringContaining("cannot be reached") });
});

test(
  "of many changes of one consumer the last one counts",
  async () => {
    const broker = await startBroker({ port: 0 });
    closers.push(() => broker.close());
    const access = createBrokerAccess({ link: await linked(broker), log });
    closers.push(() => access.close());
    const changes = Array.from({ length: 20 }, (_, i) =>
      access.set("ann", i % 2 === 0 ? new Map([["a", [`env/a${i}/#`]]]) : new Map()),
    );
    await Promise.all([...changes, access.set("ann", new Map([["z", ["env/z/#"]]]))]);
    const { username, password } = await access.renew("ann");
    const urls = [`mqtt://127.0.0.1:${broker.port}`];
    const ann = createMqttLink({ urls, clientId: "ann", username, password, log });
    closers.push(() => ann.close());
    const connected = new Promise<void>((resolve) => ann.onConnect(() => resolve()));
    ann.start();
    await connected;
    await ann.subscribe(["env/z/#"]);
    await expect(ann.subscribe(["env/a18/#"])).rejects.toThrow("refused");
  },
  LOAD_MS,
);
