import { readdirSync, readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, onTestFinished, test } from "vitest";
import { registryService } from "../testing/service.js";
import { createMeshClient, declaredOf, type MeshClient, MeshError, MeshUnreachableError } from "./index.js";

const SALES = { id: "sales", name: "Sales", owner: "alice" };

async function realMesh(): Promise<MeshClient> {
  const { url } = await registryService();
  const mesh = createMeshClient({ url });
  await mesh.domains.create(SALES);
  return mesh;
}

/** A server that answers as it is told, one answer after the other, and tells what it was asked. */
async function scripted(
  ...answers: ((request: IncomingMessage, response: ServerResponse) => void)[]
): Promise<{ url: string; asked: IncomingMessage[] }> {
  const asked: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    asked.push(request);
    const answer = answers[Math.min(asked.length, answers.length) - 1];
    request.resume().on("end", () => answer?.(request, response));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, asked };
}

const json =
  (status: number, body: unknown, headers: Record<string, string> = {}) =>
  (_request: IncomingMessage, response: ServerResponse): void => {
    response.writeHead(status, { "Content-Type": "application/json", ...headers }).end(JSON.stringify(body));
  };
const cut = (request: IncomingMessage): void => {
  request.socket.destroy();
};

async function failureOf(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => "done",
    (error: unknown) => error,
  );
}

test("the client runs in a browser: it imports no code but its own", () => {
  const folder = new URL(".", import.meta.url);
  const sources = readdirSync(folder).filter((name) => !name.endsWith(".test.ts"));
  expect(sources).toContain("mesh-client.ts");
  for (const name of sources) {
    const text = readFileSync(new URL(name, folder), "utf8");
    const foreign = [...text.matchAll(/^(?:import|export) (?!type )[^;]*?from "(?!\.\/)([^"]+)"/gm)];
    expect([name, foreign.map(([, from]) => from)]).toEqual([name, []]);
  }
});

describe("the client of a registry", () => {
  test("makes, reads, changes and removes", async () => {
    const mesh = await realMesh();
    expect(await mesh.domains.get("sales")).toMatchObject(SALES);
    const product = await mesh.products.create({ id: "orders", domain: "sales", owner: "alice" });
    expect(product).toMatchObject({ status: "draft", tags: [] });
    const changed = await mesh.products.change("orders", (now) => ({ ...declaredOf(now), status: "active" }));
    expect(changed.status).toBe("active");
    expect(
      await mesh.versions.publish("orders", { version: "1", schema: { amount: "decimal" } }),
    ).toMatchObject({
      version: "1.0.0",
    });
    await mesh.products.create({ id: "invoices", domain: "sales", owner: "alice", status: "active" });
    await mesh.lineage.create({ source: "orders", target: "invoices" });
    expect(await mesh.getProductLineage("invoices")).toMatchObject({
      upstream: [{ product: "orders", depth: 1 }],
      downstream: [],
    });
    await mesh.products.remove("invoices");
    expect((await mesh.products.list({ status: "retired" })).map(({ id }) => id)).toEqual(["invoices"]);
  });

  test("reads lists page after page", async () => {
    const mesh = await realMesh();
    const ids = Array.from({ length: 7 }, (_, i) => `p${i}`);
    for (const id of ids) await mesh.products.create({ id, domain: "sales", owner: "a", status: "active" });
    const first = await mesh.products.page({ limit: 3 });
    expect([first.total, first.items.map(({ id }) => id)]).toEqual([7, ids.slice(0, 3)]);
    const second = await mesh.products.page({ limit: 3, after: first.next ?? "" });
    expect(second.items.map(({ id }) => id)).toEqual(ids.slice(3, 6));
    expect((await mesh.products.list()).map(({ id }) => id)).toEqual(ids);
  });

  test("says what a refusal says", async () => {
    const mesh = await realMesh();
    const taken = await failureOf(mesh.domains.create(SALES));
    expect(taken).toBeInstanceOf(MeshError);
    expect(taken).toMatchObject({ code: "exists", status: 409, requestId: expect.any(String) });
    const wrong = await failureOf(mesh.products.create({ id: "a b", domain: "sales", owner: "a" }));
    expect(wrong).toMatchObject({ code: "invalid", errors: [{ pointer: "/id", value: '"a b"' }] });
    expect(await failureOf(mesh.products.get("no/body"))).toMatchObject({ status: 404 });
    const { etag } = await mesh.domains.read("sales");
    await mesh.domains.replace("sales", { name: "S", owner: "bob" }, etag);
    const late = await failureOf(mesh.domains.replace("sales", { name: "T", owner: "eve" }, etag));
    expect(late).toMatchObject({ code: "changed", status: 412 });
  });

  test("changes what another changes meanwhile, too", async () => {
    const mesh = await realMesh();
    const add = (person: string) =>
      mesh.domains.change("sales", ({ name, owner, team }) => ({ name, owner, team: [...team, person] }));
    await Promise.all([add("a"), add("b"), add("c")]);
    expect((await mesh.domains.get("sales")).team.toSorted()).toEqual(["a", "b", "c"]);
  });

  test("exchanges contracts", async () => {
    const mesh = await realMesh();
    await mesh.products.create({ id: "orders", domain: "sales", owner: "alice", description: "Orders" });
    const yaml = await mesh.products.odcs("orders");
    const other = await realMesh();
    expect((await other.products.importOdcs("orders", yaml)).product).toMatchObject({
      description: "Orders",
    });
    expect((await other.products.importOdcs("orders", yaml)).product.id).toBe("orders");
    expect(await other.products.asyncApi("orders")).toMatchObject({ asyncapi: "3.0.0" });
  });
});

describe("a request that fails", () => {
  test("is made again where that is safe, with one key", async () => {
    const { url, asked } = await scripted(cut, json(503, {}, { "Retry-After": "0" }), json(201, SALES));
    const mesh = createMeshClient({ url, key: "fmk_x" });
    expect(await mesh.domains.create(SALES)).toEqual(SALES);
    const keys = asked.map(({ headers }) => headers["idempotency-key"]);
    expect([keys.length, new Set(keys).size, asked[0]?.headers.authorization]).toEqual([
      3,
      1,
      "Bearer fmk_x",
    ]);
  });

  test("is not made again where it may have been done", async () => {
    const { url, asked } = await scripted(json(503, { status: 503, code: "store_away", detail: "away" }));
    const failed = await failureOf(createMeshClient({ url }).keys.create({ name: "a", role: "viewer" }));
    expect([failed, asked.length]).toMatchObject([{ code: "store_away" }, 1]);
  });

  test("ends after its retries, and tells another server's page from a problem", async () => {
    const { url, asked } = await scripted((_request, response) => {
      response.writeHead(502, { "Retry-After": "0" }).end("<h1>Bad gateway</h1>");
    });
    const failed = await failureOf(createMeshClient({ url, retries: 2 }).domains.get("x"));
    expect([failed, asked.length]).toMatchObject([{ code: "http", status: 502 }, 3]);
    const busy = await scripted(
      json(429, { status: 429, code: "too_many_requests", detail: "wait" }, { "Retry-After": "60" }),
    );
    expect(await failureOf(createMeshClient({ url: busy.url }).domains.get("x"))).toMatchObject({
      status: 429,
    });
    expect(busy.asked).toHaveLength(1); // a minute is the caller's to wait
  });

  test("says when nobody is there, or not in time", async () => {
    const nobody = await failureOf(
      createMeshClient({ url: "http://127.0.0.1:9", retries: 0 }).domains.get("x"),
    );
    expect(nobody).toBeInstanceOf(MeshUnreachableError);
    expect(nobody).toMatchObject({ code: "unreachable" });
    const { url } = await scripted(() => undefined);
    expect(await failureOf(createMeshClient({ url, timeoutMs: 50 }).domains.get("x"))).toMatchObject({
      code: "timeout",
    });
  });

  test("keeps the path that a registry is behind", async () => {
    const { url, asked } = await scripted(json(200, SALES));
    await createMeshClient({ url: `${url}api/mesh` }).domains.get("sales");
    expect(asked[0]?.url).toBe("/api/mesh/domains/sales");
  });
});
