// What is held for a persistent session that is away: in bare Aedes without bound, and without a word.
import { expect, test, vi } from "vitest";
import { TestClient } from "../contract/test-client.js";
import { onlyOursBy } from "./only-ours.js";
import type { Subject } from "./subjects.js";

const onlyOurs = onlyOursBy(test);

const OVERHEAD_BYTES = 1_000; // more than a message of the test has besides its payload

/** Holds 50 messages of this size for a session, and checks that it gets the first ten when it returns. */
async function holdsTen(broker: Subject, payloadBytes: number): Promise<void> {
  const url = `mqtt://127.0.0.1:${broker.port}`;
  const session = { clientId: "away", clean: false };
  const first = await TestClient.connect(url, session);
  await first.subscribe("held/#", 1);
  await first.end();
  await using publisher = await TestClient.connect(url);
  const payload = "x".repeat(payloadBytes);
  for (let i = 0; i < 50; i++) await publisher.publish("held/x", `${i} ${payload}`, { qos: 1 });
  await using again = await TestClient.connect(url, session);
  const got = () => again.seen.map((message) => message.payload.split(" ")[0]).join();
  await vi.waitFor(() => expect(got()).toBe("0,1,2,3,4,5,6,7,8,9"), { timeout: broker.patienceMs });
  await publisher.publish("held/x", "live", { qos: 1 });
  await again.until((seen) => seen.length > 10);
  expect(got()).toBe("0,1,2,3,4,5,6,7,8,9,live"); // nothing was still to come
  expect(broker.drops["session-queue"]).toBe(40);
  expect(broker.warnings).toContainEqual(
    expect.objectContaining({ clientId: "away", cause: "session-queue" }),
  );
}

const bareAedes = /^expected '0,1,2,3,4,5,6,7,8,9,10,.*' to be/;
onlyOurs(
  "the queue of a session that is away is bounded by count, and says when it drops",
  { bareAedes, limits: { queuedMessages: 10 } },
  (broker) => holdsTen(broker, 1),
);
onlyOurs(
  "the queue of a session that is away is bounded by bytes, and says when it drops",
  { bareAedes, limits: { queuedBytes: 10 * (20_000 + OVERHEAD_BYTES) } },
  (broker) => holdsTen(broker, 20_000),
);
