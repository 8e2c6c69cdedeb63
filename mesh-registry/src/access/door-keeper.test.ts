import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { aclBlock, formatPasswordFile, hashPassword, startBroker } from "@fieldmesh/broker";
import { createMqttLink } from "@fieldmesh/runtime";
import { expect, onTestFinished, test, vi } from "vitest";
import type { BrokerCredential, ProductAccess } from "../resources/product-access.js";
import { LOAD_MS, NODE, SECRET, TestConsumer } from "../testing/administered-broker.js";
import { temporaryFolder } from "../testing/embedded.js";
import { quiet as log } from "../testing/quiet.js";
import { orders, registryService, SALES, type Service } from "../testing/service.js";

/** Our broker, with the registry and a node among its users, and a registry beside it. */
async function mesh() {
  const folder = await temporaryFolder();
  const files = {
    passwordFile: join(folder, "passwords"),
    aclFile: join(folder, "acl"),
    dynamicSecurityFile: join(folder, "dynamic-security.json"),
  };
  const encoded = await hashPassword(SECRET);
  const users = ["registry", NODE].map((user) => ({ user, encoded }));
  await writeFile(files.passwordFile, formatPasswordFile(users), { mode: 0o600 });
  const blocks = [aclBlock({ user: "registry", role: "service" }), `user ${NODE}\ntopic readwrite env/#\n`];
  await writeFile(files.aclFile, blocks.join("\n"), { mode: 0o600 });
  const broker = await startBroker({ port: 0, ...files });
  onTestFinished(() => broker.close());
  const urls = [`mqtt://127.0.0.1:${broker.port}`];
  const node = createMqttLink({ urls, clientId: NODE, username: NODE, password: SECRET, log });
  onTestFinished(() => node.close());
  node.start();
  await vi.waitFor(() => expect(node.connected).toBe(true), LOAD_MS);
  const start = (): Promise<Service> =>
    registryService({ broker: { urls, username: "registry", password: SECRET } }, folder);
  return { port: broker.port, node, start };
}

const TOPIC = "env/desk/light/raw";
const WANTED = { purpose: "a lamp" };

async function accessOf({ ask }: Service): Promise<NonNullable<ProductAccess["mqtt"]>> {
  const { mqtt } = (await ask("GET", "/products/light/access")).body as ProductAccess;
  if (mqtt === undefined) throw new Error("the product has no topics");
  return mqtt;
}

test("the broker lets an approved consumer in, also after a restart, and throws a revoked one out", {
  timeout: LOAD_MS,
}, async () => {
  const { port, node, start } = await mesh();
  const first = await start();
  const { ask } = first;
  await ask("POST", "/domains", { ...SALES, id: "env" });
  const outputPorts = [{ kind: "mqtt", name: "raw", topicFilter: TOPIC }];
  await ask("POST", "/products", orders({ id: "light", domain: "env", outputPorts }));
  await vi.waitFor(async () => expect((await accessOf(first)).available).toBe(true), LOAD_MS);

  const asked = await ask("POST", "/products/light/subscriptions", { ...WANTED, consumer: "bob" });
  const path = `/subscriptions/${(asked.body as { id: string }).id}`;
  expect((await ask("POST", `${path}/credential`)).status).toBe(409);
  await ask("POST", `${path}/approve`, {});
  const made = await ask("POST", `${path}/credential`);
  expect([made.status, made.headers.get("cache-control")]).toEqual([201, "no-store"]);
  const { username, password, topics } = made.body as BrokerCredential;
  expect([username, topics]).toEqual(["consumer.bob", [TOPIC]]);
  await using bob = new TestConsumer(port, username, password);
  await bob.connected;
  expect(await bob.subscribes(TOPIC)).toBe(true);
  expect(await bob.subscribes("env/#")).toBe(false);
  await node.publish(TOPIC, "1", { qos: 1 });
  await bob.until((seen) => seen.includes(`${TOPIC} 1`));

  // What the broker was told stands, and is looked after from the first moment of the next registry.
  await first.close();
  const { ask: again } = await start();
  await again("POST", `${path}/revoke`, { reason: "it is dark enough" });
  await bob.lost;
  await node.publish(TOPIC, "2", { qos: 1 });
  expect(bob.seen).toEqual([`${TOPIC} 1`]);
  expect((await again("POST", `${path}/credential`)).status).toBe(409);
});

test("a port that goes, and a product that is not offered any more, close the broker's door, too", {
  timeout: LOAD_MS,
}, async () => {
  const { port, start } = await mesh();
  const service = await start();
  const { ask } = service;
  await ask("POST", "/domains", { ...SALES, id: "env" });
  const ports = (topicFilter: string) => ({ outputPorts: [{ kind: "mqtt", name: "raw", topicFilter }] });
  const update = { domain: "env", owner: "alice", status: "active" };
  const put = (more: object) => ask("PUT", "/products/light", { ...update, ...more }, { "If-Match": "*" });
  await ask("POST", "/products", orders({ id: "light", domain: "env", ...ports(TOPIC) }));
  await vi.waitFor(async () => expect((await accessOf(service)).available).toBe(true), LOAD_MS);
  const asked = await ask("POST", "/products/light/subscriptions", { ...WANTED, consumer: "bob" });
  const path = `/subscriptions/${(asked.body as { id: string }).id}`;
  await ask("POST", `${path}/approve`, {});
  const credential = async () => (await ask("POST", `${path}/credential`)).body as BrokerCredential;
  const { username, password } = await credential();

  await using bob = new TestConsumer(port, username, password);
  await bob.connected;
  await put(ports("env/desk/sound/raw"));
  await bob.lost;
  await vi.waitFor(() => expect(bob.link.connected).toBe(true), LOAD_MS);
  expect(await bob.subscribes("env/desk/sound/raw")).toBe(true);
  expect(await bob.subscribes(TOPIC)).toBe(false);

  await using other = new TestConsumer(port, username, password);
  await other.connected;
  await put({ ...ports("env/desk/sound/raw"), status: "inactive" });
  await other.lost;
  // It stays out.
  await using late = new TestConsumer(port, username, password);
  await late.refused;
});
