import { connectAsync } from "mqtt";
import { expect, test } from "vitest";
import { startBroker } from "./broker.js";

test("carries a message from a publisher to a subscriber", async () => {
  const broker = await startBroker({ port: 0 });
  const client = await connectAsync(`mqtt://127.0.0.1:${broker.port}`);
  const received = new Promise<string>((resolve) => {
    client.on("message", (topic, payload) => resolve(`${topic} ${payload.toString()}`));
  });
  await client.subscribeAsync("env/#", { qos: 1 });
  await client.publishAsync("env/desk/temperature/raw", "21.5", { qos: 1 });
  expect(await received).toBe("env/desk/temperature/raw 21.5");
  await client.endAsync();
  await broker.close();
});
