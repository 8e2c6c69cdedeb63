// What has to hold although QoS 0 messages go by the engine.
import { mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test, vi } from "vitest";
import { startBroker } from "./broker.js";
import { onFrames, publishFrame } from "./contract/frame-counter.js";
import { connectPacket, RawClient, TestClient } from "./contract/test-client.js";

const subscription = (topic: string, qos: 0 | 1 | 2) =>
  Buffer.from([0x82, topic.length + 5, 0, 1, 0, topic.length, ...Buffer.from(topic), qos]);

test("a changed rule holds from the next message on, though the permission was remembered", async () => {
  const folder = await mkdtemp(join(tmpdir(), "fieldmesh-lane-"));
  const aclFile = join(folder, "acl");
  const rules = async (text: string): Promise<void> => {
    await writeFile(`${aclFile}.new`, `topic read #\n${text}`);
    await rename(`${aclFile}.new`, aclFile);
  };
  await rules("topic write a/x\ntopic write b/x\n");
  const reread = vi.fn();
  const ignore = (): void => {};
  await using broker = await startBroker(
    { port: 0, aclFile },
    { log: { debug: ignore, info: reread, warn: ignore, error: ignore } },
  );
  using reader = new RawClient(broker.port);
  reader.send(connectPacket("reader"), subscription("#", 0));
  await reader.bytes(9);
  const got: string[] = [];
  onFrames(reader, ({ topic, payload }) => got.push(`${topic} ${payload.toString()}`));
  using writer = new RawClient(broker.port);
  writer.send(connectPacket("writer"), publishFrame("a/x", "1"), publishFrame("a/x", "2"));
  await vi.waitFor(() => expect(got).toEqual(["a/x 1", "a/x 2"]));
  const before = reread.mock.calls.length;
  await rules("topic write b/x\n");
  await vi.waitFor(() => expect(reread.mock.calls.length).toBeGreaterThan(before), { timeout: 3_000 });
  writer.send(publishFrame("a/x", "3"), publishFrame("b/x", "4"));
  await vi.waitFor(() => expect(got).toContain("b/x 4"));
  expect(got).toEqual(["a/x 1", "a/x 2", "b/x 4"]);
  expect(broker.drops["publish-denied"]).toBe(1);
  await rm(folder, { recursive: true });
});

test("a new and a gone subscriber are seen by the next message", async () => {
  await using broker = await startBroker({ port: 0 });
  using writer = new RawClient(broker.port);
  writer.send(connectPacket("writer"));
  await writer.bytes(4);
  for (let round = 0; round < 20; round++) {
    await using reader = await TestClient.connect(`mqtt://127.0.0.1:${broker.port}`);
    await reader.subscribe(round % 2 === 0 ? "s/x" : "s/+", 1);
    writer.send(publishFrame("s/x", String(round)));
    await reader.until((seen) => seen.length === 1);
    expect(reader.seen).toMatchObject([{ payload: String(round), qos: 0 }]);
  }
});

test("$SYS counts what went over the lane", async () => {
  await using broker = await startBroker({ port: 0 }, { sysIntervalMs: 50 });
  using writer = new RawClient(broker.port);
  writer.send(connectPacket("writer"), ...Array.from({ length: 1_000 }, () => publishFrame("c/x", "y")));
  await using reader = await TestClient.connect(`mqtt://127.0.0.1:${broker.port}`);
  await reader.subscribe("$SYS/broker/publish/messages/received", 0);
  await reader.until((seen) => seen.some(({ payload }) => payload === "1000"));
});

test("a remaining length that is longer than need be reaches the reader in its shortest form", async () => {
  await using broker = await startBroker({ port: 0 });
  using reader = new RawClient(broker.port);
  reader.send(connectPacket("reader"), subscription("n/x", 0));
  await reader.bytes(9);
  using writer = new RawClient(broker.port);
  writer.send(connectPacket("writer"), Buffer.from([0x30, 0x86, 0x00, 0, 3, 110, 47, 120, 33]));
  expect((await reader.bytes(17)).subarray(9)).toEqual(Buffer.from([0x30, 6, 0, 3, 110, 47, 120, 33]));
});

test("what came before a malformed packet is delivered, and the packet ends the connection", async () => {
  await using broker = await startBroker({ port: 0 });
  await using reader = await TestClient.connect(`mqtt://127.0.0.1:${broker.port}`);
  await reader.subscribe("m/#", 0);
  using writer = new RawClient(broker.port);
  writer.send(connectPacket("writer"));
  await writer.bytes(4);
  writer.send(publishFrame("m/1", ""), publishFrame("m/2", ""), Buffer.from([0x30, 5, 0, 3, 109, 47, 35]));
  await writer.closed;
  await reader.until((seen) => seen.length === 2);
});

test("no bytes crash the broker or harm another client", async () => {
  await using broker = await startBroker({ port: 0 });
  await using other = await TestClient.connect(`mqtt://127.0.0.1:${broker.port}`);
  await other.subscribe("ok/#", 1);
  const start = fc.constantFrom(0x30, 0x31, 0x32, 0x34, 0x3d, 0x40, 0x62, 0x82, 0xa2, 0xc0, 0xe0, 0x10);
  const packet = fc
    .tuple(start, fc.uint8Array({ maxLength: 20 }))
    .map(([first, rest]) => Buffer.from([first, rest.length, ...rest]));
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 60 }).map((array) => Buffer.from(array)),
    fc.array(packet, { maxLength: 6 }).map((packets) => Buffer.concat(packets)),
  );
  let round = 0;
  await fc.assert(
    fc.asyncProperty(bytes, fc.boolean(), async (fuzz, connected) => {
      using raw = new RawClient(broker.port);
      if (connected) {
        raw.send(connectPacket("fuzz"));
        await raw.bytes(4);
      }
      raw.socket.end(fuzz);
      await raw.closed;
      round += 1;
      await other.publish(`ok/${round}`, "", { qos: 1 });
      await other.until((seen) => seen.some(({ topic }) => topic === `ok/${round}`));
    }),
    { numRuns: 150 },
  );
}, 60_000);
