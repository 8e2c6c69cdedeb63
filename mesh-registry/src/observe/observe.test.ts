import { type Broker, startBroker } from "@fieldmesh/broker";
import type { Birth } from "@fieldmesh/protocol";
import type { MqttLink } from "@fieldmesh/runtime";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
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
