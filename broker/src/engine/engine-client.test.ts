// What engine-client.ts depends on beyond Aedes' documentation: a newer Aedes that differs has to fail here.
import { Duplex } from "node:stream";
import { Aedes, type AedesPublishPacket } from "aedes";
import { generate } from "mqtt-packet";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { connectPacket } from "../contract/test-client.js";
import {
  type EngineClient,
  engineClient,
  keepEqualFilters,
  neverDuplicate,
  takeGrantedQos,
} from "./engine-client.js";
import { useIdentifiers } from "./packet-identifiers.js";

/** A connection that counts how often the engine asks for more. */
class Connection extends Duplex {
  client: EngineClient | undefined;
  asked = 0;
  readonly written: Buffer[] = [];
  override _read(): void {}
  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.written.push(chunk);
    done();
  }
  override read(size?: number): unknown {
    if (size !== 0) this.asked += 1;
    return super.read(size);
  }
}

let aedes: Aedes;
let connection: Connection;
let client: EngineClient;
beforeEach(async () => {
  aedes = await Aedes.createBroker();
  connection = new Connection();
  client = engineClient(aedes.handle(connection));
  const ready = new Promise((resolve) => aedes.once("clientReady", resolve));
  connection.push(generate(connectPacket("watched")));
  await ready;
  await new Promise(setImmediate);
});
afterEach(() => new Promise<void>((resolve) => aedes.close(() => resolve())));

describe("Aedes", () => {
  test("keeps its client in the connection, and the connection in its client", () => {
    expect(connection.client).toBe(client);
    expect(client.conn).toBe(connection);
  });

  test("asks for more exactly when no packet is unfinished", async () => {
    let finish: (() => void) | undefined;
    aedes.authorizePublish = (_client, _packet, done) => {
      finish = done;
    };
    expect(client._parsingBatch).toBe(0);
    const before = connection.asked;
    connection.push(generate({ cmd: "publish", topic: "t", payload: "", qos: 0, dup: false, retain: false }));
    await new Promise(setImmediate);
    expect(client._parsingBatch).toBe(1);
    const during = connection.asked;
    expect(during).toBeGreaterThan(before);
    finish?.();
    await new Promise(setImmediate);
    expect(client._parsingBatch).toBe(0);
    expect(connection.asked).toBe(during + 1);
  });

  test("knows the granted QoS of a subscription when it hands over the delivering function", async () => {
    let granted: number | undefined;
    const { mq } = aedes as unknown as { mq: { on(topic: string, ...rest: unknown[]): unknown } };
    const on = mq.on.bind(mq);
    mq.on = (topic, ...rest) => {
      granted = client.subscriptions[topic]?.qos;
      return on(topic, ...rest);
    };
    const subscribed = new Promise((resolve) => aedes.once("subscribe", resolve));
    connection.push(generate({ cmd: "subscribe", messageId: 1, subscriptions: [{ topic: "t/+", qos: 1 }] }));
    await subscribed;
    expect(granted).toBe(1);
  });

  test("lowers to the QoS of the exact topic's subscription unless that is taken away", async () => {
    const subscribed = new Promise((resolve) => aedes.once("subscribe", resolve));
    connection.push(generate({ cmd: "subscribe", messageId: 1, subscriptions: [{ topic: "t", qos: 0 }] }));
    await subscribed;
    const deliver = async (): Promise<number | undefined> => {
      const message = { cmd: "publish", topic: "t", payload: "", qos: 1, dup: false, retain: false } as const;
      connection.written.length = 0;
      const packet = { ...message, brokerId: "another", brokerCounter: 1 };
      await new Promise<void>((resolve) =>
        client.deliverQoS(packet as unknown as AedesPublishPacket, () => resolve()),
      );
      return connection.written[0]?.[0];
    };
    neverDuplicate(client, "another");
    expect(await deliver()).toBe(0x30);
    expect(takeGrantedQos(client, "t")).toBe(0);
    expect(await deliver()).toBe(0x32);
  });

  test("takes the identifier of a message from the client, and says that it has taken it", async () => {
    const identifiers = useIdentifiers(client, { isTaken: (id) => id === 8, onExhausted: () => undefined });
    const before = identifiers.next;
    const taken = vi.spyOn(identifiers, "take");
    const packet = {
      cmd: "publish",
      topic: "t",
      payload: "",
      qos: 1,
      dup: false,
      retain: false,
      brokerId: "",
    };
    client.deliverQoS(packet as unknown as AedesPublishPacket, () => undefined);
    await vi.waitFor(() => expect(taken).toHaveBeenCalledOnce());
    expect(identifiers.next).not.toBe(before);
  });

  test("drops what was overtaken unless its record of duplicates forgets", () => {
    const asked: string[] = [];
    aedes.authorizeForward = (_client, packet) => {
      asked.push(packet.payload.toString());
      return null;
    };
    const deliver = (brokerCounter: number): void => {
      const packet = {
        cmd: "publish",
        topic: "t",
        payload: String(brokerCounter),
        qos: 0,
        dup: false,
        retain: false,
        brokerId: aedes.id,
        brokerCounter,
      };
      client.deliverQoS(packet as AedesPublishPacket, () => undefined);
    };
    deliver(7);
    deliver(6);
    expect(asked).toEqual(["7"]);
    neverDuplicate(client, aedes.id);
    deliver(5);
    deliver(5);
    expect(asked).toEqual(["7", "5", "5"]);
  });

  test("answers equal filters of one SUBSCRIBE once unless its shorter list has no effect", async () => {
    const subscribe = async (): Promise<Buffer> => {
      connection.written.length = 0;
      const subscribed = new Promise((resolve) => aedes.once("subscribe", resolve));
      const topic = "t";
      const subscriptions = ([0, 1] as const).map((qos) => ({ topic, qos }));
      connection.push(generate({ cmd: "subscribe", messageId: 1, subscriptions }));
      await subscribed;
      return Buffer.concat(connection.written);
    };
    expect([...(await subscribe())]).toEqual([0x90, 3, 0, 1, 1]);
    keepEqualFilters(client);
    expect([...(await subscribe())]).toEqual([0x90, 4, 0, 1, 0, 1]);
  });
});
