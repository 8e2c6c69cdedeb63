import { type Broker, startBroker } from "@fieldmesh/broker";
import type { Birth } from "@fieldmesh/protocol";
import type { MqttLink } from "@fieldmesh/runtime";
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from "vitest";
import type { Product } from "../resources/product.js";
import { registryService, type Service } from "../testing/service.js";
import { birthOf, giveBirth, SOON, TEMPERATURE, wireClient } from "../testing/wire-node.js";

let broker: Broker;
beforeAll(async () => {
  broker = await startBroker({ port: 0 });
});
afterAll(() => broker.close());

const url = (): string => `mqtt://127.0.0.1:${broker.port}`;

async function observing(): Promise<{
  service: Service;
  node: MqttLink;
  tell: (birth: Birth) => Promise<void>;
}> {
  const service = await registryService({ broker: { urls: [url()] } });
  const node = await wireClient(url(), `node-${Math.random()}`);
  const told = new Set<string>();
  const tell = async (birth: Birth): Promise<void> => {
    told.add(`${birth.domain}/${birth.node}`);
    await giveBirth(node, birth);
  };
  return { service, node, tell };
}

async function productOf({ ask }: Service, id: string): Promise<Product> {
  return await vi.waitFor(async () => {
    const { status, body } = await ask("GET", `/products/${id}`);
    expect(status).toBe(200);
    return body as Product;
  }, SOON);
}

describe("a birth", () => {
  test("makes a draft of nobody of each stream, in a domain of nobody", async () => {
    const { service, tell } = await observing();
    const before = Date.now();
    await tell(
      birthOf({
        node: "first",
        sensors: [TEMPERATURE, { ...TEMPERATURE, id: "door", valueType: "boolean", unit: "1" }],
      }),
    );
    const made = await productOf(service, "env_first_temperature");
    expect(made).toMatchObject({
      domain: "env",
      owner: "unclaimed",
      status: "draft",
      outputPorts: [],
      observed: {
        stream: "env_first_temperature",
        node: "first",
        label: "air",
        quantity: "temperature",
        unit: "Cel",
        type: "number",
        range: { min: -40, max: 85 },
        intervalMs: 1_000,
        host: "pi",
        boot: 1_000,
      },
    });
    expect(made.observed?.seenAt).toBeGreaterThanOrEqual(before);
    expect((await productOf(service, "env_first_door")).observed?.type).toBe("boolean");
    expect((await service.ask("GET", "/domains/env")).body).toMatchObject({ owner: "unclaimed" });
    const drafts = await service.ask("GET", "/products?status=draft");
    expect((drafts.body as Product[]).map(({ id }) => id)).toContain("env_first_temperature");
    expect((await service.ask("GET", "/health")).body).toMatchObject({ broker: { connected: true } });
  });
});

interface Health {
  broker: { births: { received: number; unreadable: number; refused: number } };
}

async function birthsOf({ ask }: Service): Promise<Health["broker"]["births"]> {
  return ((await ask("GET", "/health")).body as Health).broker.births;
}

describe("what a birth tells", () => {
  test("changes no declared field, and nothing at all when it is told again", async () => {
    const { service, tell } = await observing();
    await tell(birthOf({ node: "told" }));
    const id = "env_told_temperature";
    await productOf(service, id);
    const claim = { owner: "ann", description: "of the greenhouse", status: "active", visibility: "public" };
    const claimed = await service.ask("POST", `/products/${id}/claim`, claim);
    expect([claimed.status, claimed.body]).toMatchObject([
      200,
      {
        ...claim,
        outputPorts: [{ kind: "mqtt", name: "readings", topicFilter: "env/told/temperature/raw" }],
      },
    ]);
    const again = await service.ask("POST", `/products/${id}/claim`, { owner: "bob" });
    expect([again.status, (again.body as { detail: string }).detail]).toEqual([
      409,
      `data product "${id}" is of ann already: only it can pass it on`,
    ]);
    await tell(birthOf({ node: "told" }));
    await tell(birthOf({ node: "told-later" }));
    await productOf(service, "env_told-later_temperature");
    expect((await service.ask("GET", `/products/${id}`)).headers.get("etag")).toBe(
      claimed.headers.get("etag"),
    );
    await tell(birthOf({ node: "told", boot: 2_000, sensors: [{ ...TEMPERATURE, unit: "K" }] }));
    await vi.waitFor(async () => {
      const now = await productOf(service, id);
      expect(now).toMatchObject({ ...claim, observed: { unit: "K", boot: 2_000 } });
    }, SOON);
  });

  test("is over for a sensor that it leaves out, and for a node whose birth is removed", async () => {
    const { service, node, tell } = await observing();
    const both = [TEMPERATURE, { ...TEMPERATURE, id: "humidity", unit: "%RH" }];
    await tell(birthOf({ node: "leaves", sensors: both }));
    await productOf(service, "env_leaves_humidity");
    await tell(birthOf({ node: "leaves" }));
    const gone = async (id: string): Promise<boolean> =>
      (await productOf(service, id)).observed?.gone !== undefined;
    await vi.waitFor(async () => expect(await gone("env_leaves_humidity")).toBe(true), SOON);
    expect(await gone("env_leaves_temperature")).toBe(false);
    await giveBirth(node, { domain: "env", node: "leaves" });
    await vi.waitFor(async () => expect(await gone("env_leaves_temperature")).toBe(true), SOON);
    await tell(birthOf({ node: "leaves" }));
    await vi.waitFor(async () => expect(await gone("env_leaves_temperature")).toBe(false), SOON);
  });

  test("is not believed when it is no birth, or that of another", async () => {
    const { service, node } = await observing();
    const { unreadable } = await birthsOf(service);
    await node.publish("env/liar/birth", JSON.stringify(birthOf({ node: "desk" })));
    await node.publish("env/liar/birth", "{");
    await node.publish("mesh/liar/birth", JSON.stringify(birthOf({ node: "liar", domain: "mesh" })));
    await vi.waitFor(async () => expect((await birthsOf(service)).unreadable).toBe(unreadable + 3), SOON);
    expect((await service.ask("GET", "/products/env_liar_temperature")).status).toBe(404);
  });

  test("fills no more than is kept of what nobody has claimed", async () => {
    const own = await startBroker({ port: 0 });
    onTestFinished(() => own.close());
    const address = `mqtt://127.0.0.1:${own.port}`;
    const service = await registryService({
      broker: { urls: [address] },
      limits: { unclaimedDrafts: 3, unclaimedDomains: 1 },
    });
    const node = await wireClient(address, "flood");
    const names = Array.from({ length: 50 }, (_, i) => ({ ...TEMPERATURE, id: `t${i}` }));
    await giveBirth(node, birthOf({ node: "flood", sensors: names }));
    await vi.waitFor(async () => expect((await birthsOf(service)).refused).toBe(47), SOON);
    await giveBirth(node, birthOf({ node: "flood", domain: "flood" }));
    await vi.waitFor(async () => expect((await birthsOf(service)).refused).toBe(48), SOON);
    const drafts = await service.ask("GET", "/products?status=draft");
    expect(drafts.headers.get("x-total-count")).toBe("3");
    expect((await service.ask("GET", "/domains")).headers.get("x-total-count")).toBe("1");
  });
});

describe("a conflict", () => {
  test("of two nodes under one name is shown on their products, until one is removed", async () => {
    const { service, node, tell } = await observing();
    await tell(birthOf({ node: "twin", host: "pi" }));
    await productOf(service, "env_twin_temperature");
    await tell(birthOf({ node: "twin", host: "laptop", boot: 2_000 }));
    const conflicts = async (): Promise<unknown> => (await service.ask("GET", "/conflicts")).body;
    await vi.waitFor(async () => {
      const { observed } = await productOf(service, "env_twin_temperature");
      expect(observed?.conflict).toMatch(
        /^env\/twin is claimed by laptop \(boot 2000\) and pi \(boot 1000\) since/,
      );
    }, SOON);
    expect(await conflicts()).toMatchObject([
      {
        kind: "node",
        node: "twin",
        speakers: [{ host: "laptop" }, { host: "pi" }],
        streams: ["env_twin_temperature"],
      },
    ]);
    await giveBirth(node, { domain: "env", node: "twin" });
    await vi.waitFor(async () => {
      const { observed } = await productOf(service, "env_twin_temperature");
      expect([observed?.conflict, observed?.gone]).toEqual([undefined, expect.any(Number)]);
    }, SOON);
    expect(await conflicts()).toEqual([]);
  });

  test("of two products that offer one stream is shown until one takes its port back", async () => {
    const { service, tell } = await observing();
    await tell(birthOf({ node: "wanted" }));
    const id = "env_wanted_temperature";
    await productOf(service, id);
    await service.ask("POST", `/products/${id}/claim`, { owner: "ann", status: "active" });
    const port = { kind: "mqtt", name: "readings", topicFilter: "env/wanted/temperature/raw" };
    const copy = { id: "copy", domain: "env", owner: "bob", status: "active", outputPorts: [port] };
    expect((await service.ask("POST", "/products", copy)).status).toBe(201);
    await vi.waitFor(async () => {
      expect((await productOf(service, id)).observed?.conflict).toMatch(
        /offered by .* of ann, whose word holds, and by "copy" of bob/,
      );
    }, SOON);
    expect((await service.ask("GET", "/conflicts")).body).toMatchObject([
      { kind: "stream", products: [id, "copy"] },
    ]);
    const { id: _, ...rest } = copy;
    await service.ask("PUT", "/products/copy", { ...rest, outputPorts: [] }, { "If-Match": "*" });
    await vi.waitFor(
      async () => expect((await productOf(service, id)).observed?.conflict).toBeUndefined(),
      SOON,
    );
    expect((await service.ask("GET", "/conflicts")).body).toEqual([]);
  });
});

test("the registry serves without a broker, and says so", async () => {
  const service = await registryService({ broker: { urls: ["mqtt://127.0.0.1:1"] } });
  expect((await service.ask("GET", "/health")).body).toMatchObject({
    status: "healthy",
    broker: { connected: false, url: "mqtt://127.0.0.1:1", reason: "the broker cannot be reached" },
  });
  expect((await service.ask("GET", "/conflicts")).body).toEqual([]);
  const alone = await registryService();
  expect((await alone.ask("GET", "/health")).body).toMatchObject({ broker: { connected: false } });
});

test("births after a kill and a restart are known from the store", async () => {
  const { service, tell } = await observing();
  await tell(birthOf({ node: "kept" }));
  const before = await productOf(service, "env_kept_temperature");
  await service.close();
  const again = await registryService({}, service.folder);
  expect(await productOf(again, "env_kept_temperature")).toEqual(before);
});
