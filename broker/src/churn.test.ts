import { expect, test } from "vitest";
import { startBroker } from "./broker.js";
import { publishFrame } from "./contract/frame-counter.js";
import { connectPacket, RawClient, TestClient } from "./contract/test-client.js";

test("clients that connect, subscribe and leave by the thousand leave nothing behind", async () => {
  await using broker = await startBroker({ port: 0 }, { sysIntervalMs: 50 });
  using publisher = new RawClient(broker.port);
  publisher.send(connectPacket("publisher"));
  await publisher.bytes(4);
  const visit = async (i: number): Promise<void> => {
    using client = new RawClient(broker.port);
    const subscribe = {
      cmd: "subscribe",
      messageId: 1,
      subscriptions: [{ topic: `churn/${i % 3 === 0 ? "+" : i}`, qos: 1 as const }],
    } as const;
    client.send(connectPacket(`visitor-${i}`), { ...subscribe, subscriptions: [...subscribe.subscriptions] });
    await client.bytes(9);
    publisher.send(publishFrame(`churn/${i}`, "x"));
    await client.bytes(9 + 5);
    if (i % 2 === 0) client.send({ cmd: "disconnect" });
    client.socket.end();
    await client.closed;
  };
  for (let i = 0; i < 2_000; i += 20) await Promise.all(Array.from({ length: 20 }, (_, j) => visit(i + j)));
  await using watcher = await TestClient.connect(`mqtt://127.0.0.1:${broker.port}`);
  const names = ["clients/connected", "clients/total", "subscriptions/count"];
  await watcher.subscribe(names.map((name) => `$SYS/broker/${name}`));
  const said = (name: string) => watcher.seen.findLast(({ topic }) => topic.endsWith(name))?.payload;
  await expect.poll(() => names.map(said)).toEqual(["2", "2", "3"]);
}, 40_000);
