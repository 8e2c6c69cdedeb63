import { readFile } from "node:fs/promises";
import { startBroker } from "@fieldmesh/broker";
import { encodeQuality } from "@fieldmesh/protocol";
import { addToken } from "@fieldmesh/runtime";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { z } from "zod";
import { temporaryFolder } from "../testing/embedded.js";
import { qualityReport } from "../testing/quality.js";
import { registryService, type Service } from "../testing/service.js";
import { SOON, wireClient } from "../testing/wire-node.js";

const STREAM = "env_desk_temperature";
const PATH = "/historian/configuration";

interface Document {
  version: number;
  streams: Record<string, unknown>;
  access: { streams: Record<string, { consumers: Record<string, number | null> }> };
}

async function begun(): Promise<Service> {
  const service = await registryService();
  await service.ask("POST", "/domains", { id: "env", name: "Env", owner: "owen", team: ["tess"] });
  return service;
}

function product(more: object = {}): object {
  const port = { kind: "mqtt", name: "readings", topicFilter: "env/desk/temperature/raw" };
  return { id: "climate", domain: "env", owner: "ann", status: "active", outputPorts: [port], ...more };
}

async function documentOf({ ask }: Service): Promise<{ document: Document; etag: string }> {
  const { status, body, headers } = await ask("GET", PATH);
  expect(status).toBe(200);
  return { document: body as Document, etag: headers.get("etag") ?? "" };
}

describe("the historian's configuration", () => {
  test("has the promises of a product, what readings have to be, and who may read them", async () => {
    const service = await begun();
    expect((await documentOf(service)).document).toEqual({
      version: 1,
      streams: {},
      access: { streams: {} },
    });
    await service.ask("POST", "/products", product({ sla: { availability: 99, freshness: "10s" } }));
    const schema = { type: "object", properties: { value: { type: "number", maximum: 40 } } };
    await service.ask("POST", "/products/climate/versions", { version: "1.2.0", schema });
    const { document } = await documentOf(service);
    expect(document).toEqual({
      version: 2,
      streams: {
        [STREAM]: {
          product: "climate",
          productVersion: "1.2.0",
          objectives: { availability: { target: 0.99, within: "10000ms" } },
          validity: { type: "number", max: 40 },
        },
      },
      access: {
        streams: {
          [STREAM]: {
            product: "climate",
            version: "1.2.0",
            status: "active",
            visibility: "restricted",
            consumers: { ann: null, owen: null, tess: null },
            roles: [],
            domains: ["env"],
          },
        },
      },
    });
    const published = new URL(
      "../../../historian/schema/historian-configuration.schema.json",
      import.meta.url,
    );
    const json = JSON.parse(await readFile(published, "utf8")) as z.core.JSONSchema.JSONSchema;
    expect(z.fromJSONSchema(json).safeParse(document).error).toBeUndefined();
  });

  test("has a public product's promises and names no readers; of one that is no longer offered nobody reads", async () => {
    const service = await begun();
    await service.ask("POST", "/products", product({ visibility: "public" }));
    expect((await documentOf(service)).document).toMatchObject({
      streams: { [STREAM]: { product: "climate" } },
      access: { streams: {} },
    });
    const { id: _, ...update } = product({ status: "inactive" }) as { id: string };
    await service.ask("PUT", "/products/climate", update, { "If-Match": "*" });
    const { document } = await documentOf(service);
    expect(document.streams).toEqual({});
    expect(document.access.streams[STREAM]).toMatchObject({ status: "inactive", consumers: {}, domains: [] });
  });

  test("has the same version as long as it says the same, and goes on from it after a restart", async () => {
    const service = await begun();
    await service.ask("POST", "/products", product());
    const first = await documentOf(service);
    await service.ask("POST", "/products", { id: "orders", domain: "env", owner: "ann" });
    expect(await documentOf(service)).toEqual(first);
    const held = await service.ask("GET", PATH, undefined, { "If-None-Match": first.etag });
    expect([held.status, held.body]).toEqual([304, ""]);
    await service.close();
    const again = await registryService({}, service.folder);
    expect(await documentOf(again)).toEqual(first);
    await again.ask("DELETE", "/products/climate", undefined, { "If-Match": "*" });
    expect((await documentOf(again)).document.version).toBe(first.document.version + 1);
  });

  test("waits with its answer for who asks it to, until somebody is let in or shut out", async () => {
    const service = await begun();
    await service.ask("POST", "/products", product());
    const { etag, document } = await documentOf(service);
    const waits = (held: string): ReturnType<Service["ask"]> =>
      service.ask("GET", PATH, undefined, { "If-None-Match": held, Prefer: "wait=30" });
    const started = performance.now();
    const waiting = waits(etag);
    let answered = false;
    void waiting.then(() => {
      answered = true;
    });
    await service.ask("GET", "/health");
    expect(answered).toBe(false);
    const wish = { consumer: "bob", purpose: "charts" };
    const asked = await service.ask("POST", "/products/climate/subscriptions", wish);
    const { id } = asked.body as { id: string };
    await service.ask("POST", `/subscriptions/${id}/approve`, {}, { "If-Match": "*" });
    const opened = await waiting;
    expect(opened.headers.get("preference-applied")).toBe("wait=30");
    expect((opened.body as Document).access.streams[STREAM]?.consumers).toHaveProperty("bob", null);
    expect((opened.body as Document).version).toBeGreaterThan(document.version);
    const shut = waits(opened.headers.get("etag") ?? "");
    await service.ask("POST", `/subscriptions/${id}/revoke`, { reason: "done" }, { "If-Match": "*" });
    expect(((await shut).body as Document).access.streams[STREAM]?.consumers).not.toHaveProperty("bob");
    expect(performance.now() - started).toBeLessThan(25_000);
    const short = await service.ask("GET", PATH, undefined, {
      "If-None-Match": (await shut).headers.get("etag") ?? "",
      Prefer: "wait=1",
    });
    expect(short.status).toBe(304);
  });

  test("keeps nobody waiting when the registry ends", async () => {
    const service = await begun();
    const { etag } = await documentOf(service);
    const waiting = service
      .ask("GET", PATH, undefined, { "If-None-Match": etag, Prefer: "wait=50" })
      .catch(() => undefined);
    await service.ask("GET", "/health");
    const started = performance.now();
    await service.close();
    expect(performance.now() - started).toBeLessThan(20_000);
    await waiting;
  });

  test("says who reads a stream that no birth told of, as soon as it is measured", async () => {
    const broker = await startBroker({ port: 0 });
    onTestFinished(() => broker.close());
    const url = `mqtt://127.0.0.1:${broker.port}`;
    const service = await registryService({ broker: { urls: [url] } });
    await service.ask("POST", "/domains", { id: "env", name: "Env", owner: "owen" });
    const old = { kind: "mqtt", name: "old", topicFilter: "env/+/raw" };
    await service.ask("POST", "/products", product({ visibility: "private", outputPorts: [old] }));
    expect((await documentOf(service)).document.access.streams).toEqual({});
    const historian = await wireClient(url, "historian");
    const report = qualityReport("env_legacy_door", Date.now());
    await historian.publish("mesh/quality/env_legacy_door", encodeQuality(report), { qos: 1, retain: true });
    await vi.waitFor(async () => {
      const { access } = (await documentOf(service)).document;
      expect(access.streams).toMatchObject({ env_legacy_door: { product: "climate" } });
    }, SOON);
  });

  test("is not for everyone who may read something", async () => {
    const folder = await temporaryFolder();
    const usersFile = `${folder}/users.yaml`;
    const viewer = await addToken(usersFile, { name: "v", role: "viewer" });
    const serviceToken = "fms_0123456789abcdefghij0123456789";
    const { ask } = await registryService({ serviceToken }, folder);
    const status = async (token: string): Promise<number> =>
      (await ask("GET", PATH, undefined, { Authorization: `Bearer ${token}` })).status;
    await vi.waitFor(async () => expect(await status(serviceToken)).toBe(200), SOON);
    expect(await status(viewer)).toBe(403);
  });
});
