import type { AddressInfo } from "node:net";
import { createServer, type Server, type Socket } from "node:net";
import { Aedes } from "aedes";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { z } from "zod";
import { FIELDS } from "../config/fields.js";
import type { ValueType } from "../config/types.js";
import type { Driver, OwnBroker, Sample } from "./driver.js";
import { driver } from "./mqtt.js";

let aedes: Aedes;
let server: Server;
let port = 0;
const sockets = new Set<Socket>();
let opened: Driver | undefined;
let samples: Sample[] = [];
/** Time that a test lets pass at once. */
let passedMs = 0;

beforeEach(async () => {
  aedes = await Aedes.createBroker();
  server = createServer((socket) => {
    sockets.add(socket);
    aedes.handle(socket);
  });
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  port = (server.address() as AddressInfo).port;
});

afterEach(async () => {
  vi.unstubAllEnvs();
  await opened?.close();
  opened = undefined;
  await new Promise<void>((resolve) => aedes.close(resolve));
  await new Promise((resolve) => server.close(resolve));
});

async function listen(
  written: Record<string, unknown>,
  {
    valueType = "number",
    ready = true,
    broker,
  }: { valueType?: ValueType; ready?: boolean; broker?: OwnBroker } = {},
): Promise<Driver> {
  samples = [];
  passedMs = 0;
  const subscribed = new Promise<void>((resolve) => aedes.once("subscribe", () => resolve()));
  const options = driver
    .options(z, FIELDS)
    .parse({ url: `mqtt://127.0.0.1:${port}`, topic: "dev/1", ...written });
  opened = await driver.open(options as never, {
    domain: "env",
    node: "n",
    sensor: { id: "x", type: "x", valueType, unit: "1", intervalMs: 1_000 },
    broker,
    clock: { now: () => Date.now(), monotonic: () => performance.now() + passedMs },
    emit: (sample) => samples.push(sample),
  });
  if (ready) await subscribed;
  return opened;
}

async function publish(payload: string, { topic = "dev/1", retain = false } = {}): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    aedes.publish({ cmd: "publish", topic, payload, qos: 0, retain, dup: false }, (error) =>
      error ? reject(error) : resolve(),
    );
  });
}

async function received(count: number): Promise<Sample[]> {
  await vi.waitFor(() => expect(samples).toHaveLength(count));
  return samples;
}

async function readFault(): Promise<string> {
  try {
    await opened?.read(new AbortController().signal);
    return "no fault";
  } catch (error) {
    return (error as Error).message;
  }
}

describe("driver mqtt", () => {
  it("takes a path into the device's JSON, and leaves messages out that have nothing there", async () => {
    await listen({ path: "ENERGY.Power" });
    await publish('{"Time":"x","ENERGY":{"Power":17}}');
    await publish('{"Time":"x"}');
    await publish('{"ENERGY":{"Power":"18.5"}}');
    expect(await received(2)).toEqual([{ value: 17 }, { value: 18.5 }]);
  });

  it("takes words for values, by the map or as most devices have them", async () => {
    await listen({ values: { OPEN: true, CLOSED: false } }, { valueType: "boolean" });
    await publish("OPEN");
    await publish("CLOSED");
    await publish("AJAR");
    expect(await received(3)).toEqual([
      { value: true },
      { value: false },
      { value: null, quality: "bad", reason: '"AJAR" is not among the values: OPEN, CLOSED' },
    ]);
    await opened?.close();
    await listen({}, { valueType: "boolean" });
    await publish("ON");
    await publish("off");
    expect(await received(2)).toEqual([{ value: true }, { value: false }]);
  });

  it("does not pass a retained value off as a new one, unless it says when it was measured", async () => {
    await publish("21", { retain: true });
    await listen({});
    expect(await received(1)).toEqual([
      { value: 21, quality: "uncertain", reason: "retained: it may be old" },
    ]);
    await opened?.close();

    await listen({ retained: "ignore" });
    await publish("22");
    expect(await received(1)).toEqual([{ value: 22 }]);
    await opened?.close();

    const [at, old] = [Date.now() - 60_000, Date.now() - 7_200_000];
    await publish(JSON.stringify({ t: 23, last_seen: new Date(at).toISOString() }), { retain: true });
    await listen({ path: "t", time: "last_seen", maxAge: "1h" });
    await received(1);
    await publish(JSON.stringify({ t: 24, last_seen: old }));
    const [fresh, stale] = await received(2);
    expect(fresh).toEqual({ value: 23, timestamp: at });
    expect(stale).toMatchObject({ value: 24, timestamp: old, quality: "uncertain" });
  });

  it("reports a device that fell silent, once for each such time", async () => {
    const silent = await listen({ path: "t", maxAge: "1h" });
    await publish('{"t":5}');
    await received(1);
    await publish('{"temp":5}');
    expect(silent.latest?.()).toMatchObject({ value: 5 });
    passedMs += 3_600_000;
    expect(await readFault()).toMatch(/^nothing on dev\/1 for 3600 s/);
    expect(await readFault()).toBe("no fault");
    expect(silent.latest?.()).toBeUndefined();
    passedMs += 3_600_001;
    expect(await readFault()).toMatch("nothing on dev/1");
  });

  it("reports a broker that cannot be reached, after a while, and comes back by itself", async () => {
    await listen({});
    const [before] = sockets;
    await new Promise<void>((resolve) => aedes.close(resolve));
    await new Promise((resolve) => server.close(resolve));
    before?.destroy();
    await vi.waitFor(async () => {
      passedMs += 11_000;
      expect(await readFault()).toMatch(/^mqtt:\/\/127\.0\.0\.1:\d+: /);
    });
    aedes = await Aedes.createBroker();
    server = createServer((socket) => aedes.handle(socket));
    const subscribed = new Promise<void>((resolve) => aedes.once("subscribe", () => resolve()));
    await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
    await subscribed;
    await publish("7");
    expect(await received(1)).toEqual([{ value: 7 }]);
  });

  it("says that a broker refuses its subscription", async () => {
    aedes.authorizeSubscribe = (_client, _subscription, done) => done(null, null);
    await listen({});
    await vi.waitFor(async () => {
      passedMs += 11_000;
      expect(await readFault()).toMatch("refuses a subscription to dev/1");
    });
  });

  it("signs in with its own name, and with the node's only at the node's own broker", async () => {
    vi.stubEnv("PLUGS_PASSWORD", "other");
    const seen: (string | undefined)[] = [];
    aedes.authenticate = (_client, username, password, done) => {
      seen.push(`${username}:${password?.toString()}`);
      done(null, true);
    };
    const broker = {
      url: `mqtt://127.0.0.1:1,mqtt://127.0.0.1:${port}`, // the first does not answer: the second does
      username: "greenhouse",
      password: "own",
    };
    await listen({ username: "plugs", password: { env: "PLUGS_PASSWORD" } }, { broker });
    await opened?.close();
    await listen({}, { broker });
    await opened?.close();
    await listen({ url: undefined }, { broker });
    await opened?.close();
    await listen({ url: undefined, username: "plugs" }, { broker });
    expect(seen).toEqual(["plugs:other", "undefined:undefined", "greenhouse:own", "plugs:undefined"]);
  });

  it("does not listen to itself", async () => {
    await expect(listen({ topic: "env/n/x/raw" }, { ready: false })).rejects.toThrow("it would hear itself");
  });
});
