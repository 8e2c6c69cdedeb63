import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { startBroker } from "@fieldmesh/broker";
import { addToken } from "@fieldmesh/runtime";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { StreamReaders } from "./configuration/schema.js";
import { Stack } from "./testing/stack.js";

const STREAM = "env_desk_temperature";
const WAIT = { timeout: 15_000, interval: 20 };
const SERVICE_TOKEN = "fms_0123456789abcdefghij0123456789";

/** What the real one answers at these two addresses: it waits with an answer until there is another. */
class Registry {
  readonly entries: { who: string; allowed: boolean; product: string }[] = [];
  #version = 0;
  #document = "";
  #waiting: ServerResponse[] = [];
  #url: URL | undefined;
  #server = createServer((request, response) => {
    expect(request.headers.authorization).toBe(`Bearer ${SERVICE_TOKEN}`);
    if (request.method === "POST") {
      void text(request).then((body) => {
        this.entries.push(...(JSON.parse(body) as { entries: Registry["entries"] }).entries);
        response.end("{}");
      });
    } else if (this.#version === 0) response.writeHead(503).end();
    else if (request.headers["if-none-match"] === `"${this.#version}"`) this.#waiting.push(response);
    else this.#answer(response);
  });

  get url(): URL {
    if (this.#url === undefined) throw new Error("not listening");
    return this.#url;
  }

  async start(port = 0): Promise<void> {
    this.#server.listen(port, "127.0.0.1");
    await once(this.#server, "listening");
    const address = this.#server.address();
    if (address === null || typeof address === "string") throw new Error("not listening");
    this.#url = new URL(`http://127.0.0.1:${address.port}`);
  }

  async close(): Promise<void> {
    if (!this.#server.listening) return;
    const closed = once(this.#server, "close");
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }

  /** From now on only these read the stream. */
  grant(consumers: StreamReaders["consumers"]): void {
    this.#version += 1;
    const readers = { product: "climate", version: "1.2.0", status: "active", visibility: "restricted" };
    this.#document = JSON.stringify({
      version: this.#version,
      streams: { [STREAM]: { product: "climate", productVersion: "1.2.0", validity: { max: -1_000 } } },
      access: { streams: { [STREAM]: { ...readers, consumers } } },
    });
    for (const response of this.#waiting.splice(0)) this.#answer(response);
  }

  #answer(response: ServerResponse): void {
    response.writeHead(200, { ETag: `"${this.#version}"`, "Preference-Applied": "wait=25" });
    response.end(this.#document);
  }
}

let stack: Stack;
let registry: Registry;
beforeEach(async () => {
  stack = await Stack.start(startBroker);
  registry = new Registry();
  await registry.start();
  stack.own(() => registry.close());
});
afterEach(() => stack.close());

/** With brokers of its own it is not asked for its status, for which one has to sign in here. */
const optionsFor = (usersFile: string) => ({
  usersFile,
  brokers: [[stack.brokerUrl]],
  registryUrl: registry.url,
  serviceToken: SERVICE_TOKEN,
});

test("a historian refuses by what the registry says, at once, and by what it said last when it is away", {
  timeout: 60_000,
}, async () => {
  const usersFile = join(stack.folder, "users.yaml");
  const tokens = {
    ann: await addToken(usersFile, { name: "ann", role: "viewer" }),
    root: await addToken(usersFile, { name: "root", role: "admin" }),
  };
  let aheadMs = 0;
  const clock = (): number => Date.now() + aheadMs;
  const begin = () => stack.historian(optionsFor(usersFile), { clock });
  let historian = await begin();
  const ask = (who: keyof typeof tokens, path = "latest"): Promise<Response> =>
    fetch(`${historian.url}/api/history/streams/${STREAM}/${path}`, {
      headers: { Authorization: `Bearer ${tokens[who]}` },
    });
  const becomes = (who: keyof typeof tokens, status: number): Promise<void> =>
    vi.waitFor(async () => expect((await ask(who)).status).toBe(status), WAIT);

  const node = await stack.node("desk");
  await vi.waitFor(async () => {
    await node.readNow(20);
    expect((await ask("root")).status).toBe(200);
  }, WAIT);
  expect(await (await ask("ann")).json()).toMatchObject({ status: 403, code: "access_unknown" });

  registry.grant({ ann: null });
  await becomes("ann", 200);
  const takenBack = performance.now();
  registry.grant({ bob: null });
  await becomes("ann", 403);
  expect(performance.now() - takenBack).toBeLessThan(10_000); // some 100 ms where nothing else runs
  expect(await (await ask("ann")).json()).toMatchObject({
    code: "not_granted",
    product: "climate",
    productVersion: "1.2.0",
  });

  // By the contract, though the birth of the node allows it.
  await node.readNow(20);
  await vi.waitFor(async () => {
    const { reports } = (await (await ask("root", "quality")).json()) as {
      reports: { product?: string; productVersion?: string; windows: { "1h": { invalidBy: object } } }[];
    };
    expect(reports[0]).toMatchObject({ product: "climate", productVersion: "1.2.0" });
    expect(reports[0]?.windows["1h"].invalidBy).toHaveProperty("range");
  }, WAIT);

  registry.grant({ ann: Date.now() + 3_600_000 });
  await becomes("ann", 200);
  await registry.close();
  expect((await ask("ann")).status).toBe(200);
  aheadMs = 3_600_000;
  expect((await ask("ann")).status).toBe(403); // its time is over, by this clock
  await historian.close();
  historian = await begin();
  await becomes("root", 200);
  expect(await (await ask("ann")).json()).toMatchObject({ code: "not_granted" });
});

test("the registry's log is told of reads and refusals", { timeout: 60_000 }, async () => {
  const usersFile = join(stack.folder, "users.yaml");
  const token = await addToken(usersFile, { name: "ann", role: "viewer" });
  registry.grant({});
  const historian = await stack.historian(optionsFor(usersFile));
  await stack.node("desk");
  const path = `${historian.url}/api/history/events?stream=${STREAM}`;
  const ask = () => fetch(path, { headers: { Authorization: `Bearer ${token}` } });
  await vi.waitFor(async () => {
    expect(await (await ask()).json()).toMatchObject({ code: "not_granted" });
  }, WAIT);
  await historian.close();
  expect(registry.entries).toContainEqual(
    expect.objectContaining({
      who: "ann",
      allowed: false,
      product: "climate",
      what: "read",
      via: "historian",
    }),
  );
});
