// MQTT over WebSocket [MQTT-6].
import { once } from "node:events";
import { generate, type Packet, parser } from "mqtt-packet";
import { afterAll, beforeAll, expect, test } from "vitest";
import { WebSocket, type WebSocket as Ws } from "ws";
import { type Broker, startBroker } from "../broker.js";
import { connectPacket } from "../contract/test-client.js";

let broker: Broker;
beforeAll(async () => {
  broker = await startBroker({ port: 0, wsPort: 0 });
});
afterAll(() => broker.close());

async function opened(protocols: string[] = ["mqtt"]): Promise<Ws> {
  const socket: Ws = new WebSocket(`ws://127.0.0.1:${broker.wsPort}`, protocols);
  await once(socket, "open");
  return socket;
}

/** The first packets that come, and whether all of them came in binary frames. */
function answers(socket: Ws, count: number): Promise<{ kinds: string[]; binary: boolean }> {
  return new Promise((resolve) => {
    const kinds: string[] = [];
    let binary = true;
    const incoming = parser({ protocolVersion: 4 });
    incoming.on("packet", ({ cmd }) => {
      kinds.push(cmd);
      if (kinds.length === count) resolve({ kinds, binary });
    });
    socket.on("message", (data, isBinary) => {
      binary &&= isBinary;
      incoming.parse(data as Buffer);
    });
  });
}

const packets: readonly Packet[] = [
  connectPacket("over-websocket"),
  { cmd: "subscribe", messageId: 1, subscriptions: [{ topic: "frames/t", qos: 0 }] },
  { cmd: "unsubscribe", messageId: 2, unsubscriptions: ["frames/t"] },
];
const kinds = ["connack", "suback", "unsuback"];

test("[MQTT-6.0.0-1] the broker sends binary frames, and closes at a text frame", async () => {
  const socket = await opened();
  const came = answers(socket, 1);
  socket.send(generate(connectPacket("binary")));
  expect(await came).toEqual({ kinds: ["connack"], binary: true });
  const closed = once(socket, "close");
  socket.send("text");
  await closed;
});

test("[MQTT-6.0.0-2] several packets may share a frame", async () => {
  const socket = await opened();
  const came = answers(socket, 3);
  socket.send(Buffer.concat(packets.map((packet) => generate(packet))));
  expect((await came).kinds).toEqual(kinds);
  socket.close();
});

test("[MQTT-6.0.0-2] a packet may be spread over frames, and frames may end within packets", async () => {
  const bytes = Buffer.concat(packets.map((packet) => generate(packet)));
  for (const size of [1, 7]) {
    const socket = await opened();
    const came = answers(socket, 3);
    for (let at = 0; at < bytes.length; at += size) socket.send(bytes.subarray(at, at + size));
    expect((await came).kinds).toEqual(kinds);
    socket.close();
  }
});

test("[MQTT-6.0.0-4] [MQTT-6.0.0-3] the subprotocol mqtt is chosen, and nothing else is taken", async () => {
  const socket = await opened(["chat", "mqtt"]);
  expect(socket.protocol).toBe("mqtt");
  socket.close();
  for (const protocols of [["chat"], []]) await expect(opened(protocols)).rejects.toThrow();
});
