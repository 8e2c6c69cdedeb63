// Clients that come and go by the thousand, at a broker in a process of its own: what they leave behind.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { expect, test } from "vitest";
import { publishFrame } from "./contract/frame-counter.js";
import { connectPacket, RawClient, TestClient } from "./contract/test-client.js";

const CLIENTS = 10_000;
const STRETCH = 2_000;
const AT_ONCE = 20;
/** What the heap may have grown by; a tenth of a kilobyte left behind by each client would be 0.8 MiB. */
const GROWTH_BYTES = 1.5 * 1024 * 1024;

interface Spent {
  cpuMs: number;
  /** What the heap holds after a collection. */
  heapBytes: number;
}

/** The broker as built, which tells what it has spent when it is asked. */
const PROGRAM = `
  import { runBroker } from "@fieldmesh/broker/run";
  const broker = await runBroker({ env: { MQTT_PORT: "0", MQTT_WS_PORT: "0" } });
  process.on("disconnect", () => process.exit());
  process.on("message", () => {
    const { user, system } = process.cpuUsage();
    gc();
    process.send({ cpuMs: (user + system) / 1000, heapBytes: process.memoryUsage().heapUsed });
  });
  process.send(broker.port);
`;

async function startChild() {
  const child = spawn(process.execPath, ["--expose-gc", "--input-type=module", "--eval", PROGRAM], {
    cwd: fileURLToPath(new URL("..", import.meta.url)), // from where it finds the package
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  const [port] = (await once(child, "message")) as [number];
  return {
    port,
    async spent(): Promise<Spent> {
      child.send("spent");
      const [answer] = (await once(child, "message")) as [Spent];
      return answer;
    },
    [Symbol.dispose]: () => void child.kill(),
  };
}

test("rate and memory stay flat while 10,000 clients connect, subscribe and leave in turn", async () => {
  using broker = await startChild();
  const { port } = broker;
  using publisher = new RawClient(port);
  publisher.socket.setNoDelay(true); // or a small write waits 40 ms for an answer to the one before
  publisher.send(connectPacket("publisher"));
  await publisher.bytes(4);

  const visit = async (i: number): Promise<void> => {
    using client = new RawClient(port);
    const subscriptions = [{ topic: `churn/${i % 3 === 0 ? "+" : i}`, qos: 1 as const }];
    client.send(connectPacket(`visitor-${i}`), { cmd: "subscribe", messageId: 1, subscriptions });
    await client.bytes(9);
    publisher.send(publishFrame(`churn/${i}`, "x"));
    await client.bytes(9 + 5);
    if (i % 2 === 0) client.send({ cmd: "disconnect" });
    client.socket.end();
    await client.closed;
  };
  // Processor time rather than the time of day, which depends on what else the machine does.
  const cpuMs: number[] = [];
  const heapBytes: number[] = [];
  for (let from = 0; from < CLIENTS; from += STRETCH) {
    const before = await broker.spent();
    for (let i = from; i < from + STRETCH; i += AT_ONCE)
      await Promise.all(Array.from({ length: AT_ONCE }, (_, j) => visit(i + j)));
    const after = await broker.spent();
    cpuMs.push(Math.round(after.cpuMs - before.cpuMs));
    heapBytes.push(after.heapBytes);
  }
  expect(cpuMs.at(-1), `ms for each 2,000: ${cpuMs.join()}`).toBeLessThan(2 * (cpuMs[0] ?? 0));
  const grown = (heapBytes.at(-1) ?? 0) - (heapBytes[0] ?? 0);
  expect(grown, `bytes after each 2,000: ${heapBytes.join()}`).toBeLessThan(GROWTH_BYTES);

  await using watcher = await TestClient.connect(`mqtt://127.0.0.1:${port}`);
  const names = ["clients/connected", "clients/total", "subscriptions/count"];
  await watcher.subscribe(names.map((name) => `$SYS/broker/${name}`));
  const said = (name: string) => watcher.seen.findLast(({ topic }) => topic.endsWith(name))?.payload;
  await expect.poll(() => names.map(said), { timeout: 30_000 }).toEqual(["2", "2", "3"]);
}, 120_000);

test("memory stays flat while thousands of clients send bytes that no client means", async () => {
  using broker = await startChild();
  const junk = fc.sample(fc.uint8Array({ maxLength: 300 }), { numRuns: 200, seed: 1 });
  const longPublish = Buffer.from([0x30, 0xff, 0xff, 0x03, 0, 1, 0x74]); // whose 64 KiB never come
  const visit = async (i: number): Promise<void> => {
    using client = new RawClient(broker.port);
    const hello = i % 2 === 0 ? [connectPacket(`bad-${i}`)] : [];
    client.send(...hello, i % 5 === 0 ? longPublish : Buffer.from(junk[i % junk.length] ?? []));
    client.socket.end();
    await client.closed;
  };
  const heapBytes: number[] = [];
  for (let from = 0; from < 4_000; from += 1_000) {
    for (let i = from; i < from + 1_000; i += AT_ONCE)
      await Promise.all(Array.from({ length: AT_ONCE }, (_, j) => visit(i + j)));
    heapBytes.push((await broker.spent()).heapBytes);
  }
  const grown = (heapBytes.at(-1) ?? 0) - (heapBytes[0] ?? 0);
  expect(grown, `bytes after each 1,000: ${heapBytes.join()}`).toBeLessThan(GROWTH_BYTES);
}, 120_000);
