import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import { Aedes } from "aedes";
import { afterEach, describe, expect, it, vi } from "vitest";
import { createLog } from "../log.js";
import { createMqttLink, type LinkRefusal, type MqttLink, type MqttLinkOptions } from "./link.js";
import {
  LinkBusyError,
  LinkLostError,
  NotConnectedError,
  SubscriptionRefusedError,
  TopicError,
} from "./link-errors.js";

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

interface TestBroker {
  aedes: Aedes;
  port: number;
  sockets: Set<Socket>;
  stop(): Promise<void>;
}

async function startBroker(port = 0): Promise<TestBroker> {
  const aedes = await Aedes.createBroker();
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    aedes.handle(socket);
  });
  await listen(server, port);
  const stop = async (): Promise<void> => {
    for (const socket of sockets) socket.destroy();
    if (server.listening) await new Promise((resolve) => server.close(resolve));
    if (!aedes.closed) await new Promise<void>((resolve) => aedes.close(resolve));
  };
  closers.push(stop);
  return { aedes, port: portOf(server), sockets, stop };
}

async function listen(server: Server, port = 0): Promise<void> {
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
}

function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("not listening");
  return address.port;
}

async function closedPort(): Promise<number> {
  const server = createServer();
  await listen(server);
  const port = portOf(server);
  await new Promise((resolve) => server.close(resolve));
  return port;
}

function link(urls: string[], options: Partial<MqttLinkOptions> = {}): MqttLink {
  const created = createMqttLink({
    urls,
    clientId: `test-${Math.random().toString(36).slice(2)}`,
    log: createLog("test", { level: "silent" }),
    ...options,
  });
  closers.push(() => created.close());
  return created;
}

async function connected(created: MqttLink): Promise<void> {
  if (created.connected) return;
  await new Promise<void>((resolve) => {
    const off = created.onConnect(() => {
      off();
      resolve();
    });
  });
}

const urlOf = (port: number): string => `mqtt://127.0.0.1:${port}`;

describe("MqttLink", () => {
  it("carries a message from one link to another and resolves at the acknowledgement", async () => {
    const broker = await startBroker();
    const reader = link([urlOf(broker.port)]);
    const got: [string, string, boolean][] = [];
    reader.onMessage((topic, payload, info) => got.push([topic, payload.toString(), info.retain]));
    await reader.subscribe(["env/+/+/raw"], 1);
    reader.start();
    await connected(reader);
    const writer = link([urlOf(broker.port)]);
    writer.start();
    await connected(writer);
    await writer.publish("env/a/b/raw", "1", { qos: 1 });
    await vi.waitFor(() => expect(got).toEqual([["env/a/b/raw", "1", false]]));
  });

  it("keeps the order of 5,000 messages published at once through a small window", async () => {
    const broker = await startBroker();
    const reader = link([urlOf(broker.port)]);
    const got: number[] = [];
    reader.onMessage((_topic, payload) => got.push(Number(payload.toString())));
    await reader.subscribe(["t"], 1);
    const writer = link([urlOf(broker.port)], { maxInflight: 7 });
    reader.start();
    writer.start();
    await Promise.all([connected(reader), connected(writer)]);
    const numbers = Array.from({ length: 5_000 }, (_, index) => index);
    await Promise.all(numbers.map((n) => writer.publish("t", String(n), { qos: 1 })));
    await vi.waitFor(() => expect(got.length).toBe(5_000), 10_000);
    expect(got).toEqual(numbers);
  });

  it("never has more than maxInflight messages on the way, and refuses beyond maxWaiting", async () => {
    const broker = await startBroker();
    let held = 0;
    const release: (() => void)[] = [];
    broker.aedes.authorizePublish = (_client, _packet, callback) => {
      held += 1;
      release.push(() => callback(null));
    };
    const writer = link([urlOf(broker.port)], { maxInflight: 3, maxWaiting: 2 });
    writer.start();
    await connected(writer);
    const sent = Array.from({ length: 5 }, (_, n) => writer.publish("t", String(n)));
    await expect(writer.publish("t", "6")).rejects.toThrow(LinkBusyError);
    await vi.waitFor(() => expect(held).toBe(3));
    expect(release.length).toBe(3);
    let done = false;
    void Promise.all(sent).then(() => {
      done = true;
    });
    await vi.waitFor(() => {
      for (const go of release.splice(0)) go();
      expect(done).toBe(true);
    });
    expect(held).toBe(5);
  });

  it("refuses at once when there is no connection, and topics with wildcards", async () => {
    const broker = await startBroker();
    const writer = link([urlOf(broker.port)]);
    await expect(writer.publish("t", "1")).rejects.toThrow(NotConnectedError);
    writer.start();
    await connected(writer);
    for (const topic of ["", "a/+", "a/#", "a\0b"]) {
      await expect(writer.publish(topic, "1")).rejects.toThrow(TopicError);
    }
    expect(writer.connected).toBe(true);
  });

  it("rejects what was not acknowledged when the connection is lost, connects again, with a new will", async () => {
    const broker = await startBroker();
    broker.aedes.authorizePublish = () => {}; // never answers
    const wills: string[] = [];
    broker.aedes.on("client", (client) => {
      const { will } = client as unknown as { will: { payload: Buffer } };
      wills.push(will.payload.toString());
    });
    let conn = 0;
    const writer = link([urlOf(broker.port)], {
      maxInflight: 1,
      will: () => {
        conn += 1;
        return { topic: "status", payload: String(conn), qos: 1, retain: true };
      },
    });
    const lost: string[] = [];
    writer.onDisconnect((reason) => lost.push(reason));
    writer.start();
    await connected(writer);
    const onTheWay = writer.publish("t", "1");
    const waiting = writer.publish("t", "2");
    for (const socket of broker.sockets) socket.destroy();
    await expect(onTheWay).rejects.toThrow(LinkLostError);
    await expect(waiting).rejects.toThrow(LinkLostError);
    await vi.waitFor(() => expect(lost.length).toBe(1));
    await connected(writer);
    expect(wills).toEqual(["1", "2"]);
  });

  it("subscribes again at each connection before onConnect, and goes on after the broker's restart", async () => {
    const first = await startBroker();
    const reader = link([urlOf(first.port)]);
    const got: string[] = [];
    reader.onMessage((_topic, payload) => got.push(payload.toString()));
    await reader.subscribe(["x"]);
    const counts: number[] = [];
    reader.onConnect((n) => {
      counts.push(n);
      void reader.publish("x", `hello ${n}`);
    });
    reader.start();
    await vi.waitFor(() => expect(got).toEqual(["hello 1"]));
    await first.stop();
    await vi.waitFor(() => expect(reader.connected).toBe(false));
    await startBroker(first.port);
    await vi.waitFor(() => expect(got).toEqual(["hello 1", "hello 2"]), 10_000);
    expect(counts).toEqual([1, 2]);
  });

  it("tries the addresses in turn, and shows the one it has without its password", async () => {
    const broker = await startBroker();
    const closed = await closedPort();
    const created = link([urlOf(closed), `mqtt://user:secret@127.0.0.1:${broker.port}`]);
    created.start();
    await connected(created);
    expect(created.url).toBe(urlOf(broker.port));
  });

  it("tells a refused user apart from an absent broker, and goes on trying", async () => {
    const broker = await startBroker();
    let known = false;
    broker.aedes.authenticate = (_client, _user, _password, done) => done(null, known);
    const refusals: LinkRefusal[] = [];
    const created = link([urlOf(broker.port)], { onRefused: (refusal) => refusals.push(refusal) });
    created.start();
    await vi.waitFor(() => expect(refusals.length).toBeGreaterThan(1), 5_000);
    expect(refusals[0]).toMatchObject({ kind: "connection", reason: "not authorized" });
    known = true;
    await connected(created);
  });

  it("reports subscriptions that the broker refuses, and stays connected", async () => {
    const broker = await startBroker();
    broker.aedes.authorizeSubscribe = (_client, subscription, done) =>
      done(null, subscription.topic.startsWith("secret") ? null : subscription);
    const refusals: LinkRefusal[] = [];
    const created = link([urlOf(broker.port)], { onRefused: (refusal) => refusals.push(refusal) });
    await created.subscribe(["open", "secret/1"]);
    created.start();
    await connected(created);
    expect(refusals).toEqual([{ kind: "subscription", filters: ["secret/1"] }]);
    const refused = created.subscribe(["open/2", "secret/2"]);
    await expect(refused).rejects.toThrow(SubscriptionRefusedError);
    await expect(refused).rejects.toMatchObject({ filters: ["secret/2"] });
    expect(created.connected).toBe(true);
  });

  it("gives up a connection that takes messages and acknowledges none", async () => {
    const broker = await startBroker();
    broker.aedes.authorizePublish = () => {};
    const writer = link([urlOf(broker.port)], { ackTimeoutMs: 200 });
    const reasons: string[] = [];
    writer.onDisconnect((reason) => reasons.push(reason));
    writer.start();
    await connected(writer);
    await expect(writer.publish("t", "1")).rejects.toThrow(LinkLostError);
    expect(reasons[0]).toContain("no acknowledgement");
    await connected(writer);
  });

  it("gives up an address that accepts and says nothing, and takes the next", async () => {
    const silent = createServer((socket) => {
      socket.on("error", () => socket.destroy());
      closers.push(async () => void socket.destroy());
    });
    await listen(silent);
    closers.push(async () => void silent.close());
    const broker = await startBroker();
    const created = link([urlOf(portOf(silent)), urlOf(broker.port)], { connectTimeoutMs: 200 });
    created.start();
    await connected(created);
    expect(created.url).toBe(urlOf(broker.port));
  });

  it("closes with a DISCONNECT, so that its will is not published", async () => {
    const broker = await startBroker();
    const published: string[] = [];
    broker.aedes.on("publish", (packet) => published.push(packet.topic));
    const created = link([urlOf(broker.port)], {
      will: () => ({ topic: "gone", payload: "", qos: 1, retain: false }),
    });
    created.start();
    await connected(created);
    const left = once(broker.aedes, "clientDisconnect");
    await created.close();
    await left;
    expect(published).not.toContain("gone");
    await expect(created.publish("t", "1")).rejects.toThrow(NotConnectedError);
  });

  it("closes at once while there is no broker", async () => {
    const created = link([urlOf(await closedPort())]);
    created.start();
    await created.close();
    expect(created.connected).toBe(false);
  });

  it("survives a handler that throws", async () => {
    const broker = await startBroker();
    const created = link([urlOf(broker.port)]);
    const got: string[] = [];
    created.onMessage(() => {
      throw new Error("a defect");
    });
    created.onMessage((_topic, payload) => got.push(payload.toString()));
    await created.subscribe(["t"]);
    created.start();
    await connected(created);
    await created.publish("t", "1");
    await created.publish("t", "2");
    await vi.waitFor(() => expect(got).toEqual(["1", "2"]));
  });
});
