import { join } from "node:path";
import { startBroker } from "@fieldmesh/broker";
import { startHistorian } from "@fieldmesh/historian";
import { encodeReading } from "@fieldmesh/protocol";
import { expect, onTestFinished, test, vi } from "vitest";
import type { ComplianceChange } from "../resources/compliance.js";
import { temporaryFolder } from "../testing/embedded.js";
import { quiet } from "../testing/quiet.js";
import { registryService } from "../testing/service.js";
import { birthOf, giveBirth, wireClient } from "../testing/wire-node.js";

const LATE = { timeout: 60_000, interval: 100 };

test("what a historian measures of a sensor decides, and a sensor that falls silent fails soon after its promise", {
  timeout: 150_000,
}, async () => {
  const broker = await startBroker({ port: 0 });
  onTestFinished(() => broker.close());
  const url = `mqtt://127.0.0.1:${broker.port}`;
  const { url: registryUrl, ask } = await registryService({ broker: { urls: [url] } });
  const folder = await temporaryFolder();
  const historian = await startHistorian(
    {
      host: "127.0.0.1",
      port: 0,
      usersFile: join(folder, "users.yaml"),
      brokers: [[url]],
      folder: join(folder, "historian"),
      registryUrl: new URL(registryUrl),
    },
    { log: quiet },
  );
  onTestFinished(() => historian.close());

  const boot = Math.floor(Date.now() / 1_000);
  const node = await wireClient(url, "node");
  await giveBirth(node, birthOf({ boot }));
  let seq = 0;
  const read = async (): Promise<void> => {
    seq += 1;
    const reading = { node: "desk", sensor: "temperature", value: 21, unit: "Cel", boot, seq };
    await node.publish("env/desk/temperature/raw", encodeReading({ ...reading, timestamp: Date.now() }), {
      qos: 1,
      retain: false,
    });
  };
  let silent = false;
  const reading = (async () => {
    while (!silent) {
      await read();
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
  })();

  const compliance = async () => (await ask("GET", "/products/env_desk_temperature/compliance")).body;
  await vi.waitFor(async () => {
    const claim = { owner: "alice", status: "active", visibility: "public", sla: { freshness: "3s" } };
    const { status } = await ask("POST", "/products/env_desk_temperature/claim", claim, { "If-Match": "*" });
    expect(status).toBe(200);
  }, LATE);
  await vi.waitFor(async () => {
    expect(await compliance()).toMatchObject({
      state: "pass",
      rules: [{ rule: "freshness <= 3s", source: "measured", stream: "env_desk_temperature" }],
    });
  }, LATE);
  silent = true;
  await reading;
  await vi.waitFor(async () => {
    const { body } = await ask("GET", "/products/env_desk_temperature/compliance?history");
    expect((body as ComplianceChange[])[0]).toMatchObject({
      before: "pass",
      state: "fail",
      rules: [{ rule: "freshness <= 3s", verdict: "fail" }],
    });
  }, LATE);
});
