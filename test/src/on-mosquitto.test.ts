import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { type BrokerProcess, createBroker, freePort } from "./faults/harness/brokers.js";
import { type RunningProcess, run } from "./faults/harness/processes.js";
import { lacks } from "./requirements.js";
import { COMMAND, Receiver } from "./stack.js";

const WITHIN = { timeout: 30_000, interval: 200 }; // ms

interface State {
  hello: { brokers: { connected: boolean }[] };
  catalogue: {
    nodes: Record<string, { presence: string; sensors: { id: string; latest?: { v: number } }[] }>;
  };
  alarms: { standing: Record<string, { ack?: { by: string } }> };
}

describe.skipIf(lacks("mosquitto"))("an edge node and the dashboard on Mosquitto", () => {
  const receiver = new Receiver();
  const services: RunningProcess[] = [];
  let folder: string;
  let broker: BrokerProcess;
  let url: string;

  const state = async () => (await (await fetch(`${url}/api/state`)).json()) as State;
  const post = async (path: string, body: unknown) =>
    await fetch(`${url}/api/${path}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "fieldmesh-mosquitto-"));
    broker = await createBroker("mosquitto", { folder });
    await broker.start();
    const port = await freePort();
    url = `http://localhost:${port}`;
    const config = join(folder, "dashboard.yaml");
    const webhook = await receiver.start();
    writeFileSync(config, `channels:\n  - { name: phone, kind: webhook, url: "${webhook}" }\n`);
    const env = { ...process.env, MQTT_URL: broker.url, DATA_DIR: join(folder, "data") };
    services.push(
      run("dashboard", process.execPath, [COMMAND, "dashboard"], {
        ...env,
        DASHBOARD_PORT: String(port),
        DASHBOARD_CONFIG: config,
      }),
      run("edge", process.execPath, [COMMAND, "edge"], {
        ...env,
        NODE_ID: "hall",
        EDGE_CONFIG: "greenhouse",
      }),
    );
    await services[0]?.said("dashboard at");
  });
  afterAll(async () => {
    for (const service of services) await service.stop();
    await broker?.stop();
    await receiver[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true, force: true });
  });

  test("the node and its values are found", async () => {
    await vi.waitFor(async () => {
      const hall = (await state()).catalogue.nodes["env/hall"];
      expect(hall?.presence).toBe("online");
      expect(hall?.sensors.find(({ id }) => id === "temperature")?.latest?.v).toBeTypeOf("number");
    }, WITHIN);
  });

  test("a command raises an alarm, which is told of and can be acknowledged", async () => {
    const key = "env_hall_temperature/too-hot";
    const simulate = { domain: "env", node: "hall", name: "simulate", args: { type: "overheat" } };
    expect((await post("commands", simulate)).status).toBe(200);
    await vi.waitFor(async () => expect(Object.keys((await state()).alarms.standing)).toContain(key), WITHIN);
    await vi.waitFor(
      () => expect(receiver.posts).toMatchObject([{ what: "raised", rule: "too-hot" }]),
      WITHIN,
    );
    const [raised] = Object.values((await state()).alarms.standing) as {
      event: { boot: number; seq: number };
    }[];
    const ack = { key, boot: raised?.event.boot, seq: raised?.event.seq };
    expect((await post("acks", ack)).ok).toBe(true);
    await vi.waitFor(async () => {
      expect((await state()).alarms.standing[key]?.ack?.by).toBe("local");
    }, WITHIN);
  });

  test("the alarm and its acknowledgement outlive a kill of the broker", async () => {
    await broker.kill();
    await vi.waitFor(async () => expect((await state()).hello.brokers[0]?.connected).toBe(false), WITHIN);
    await broker.start();
    await vi.waitFor(async () => {
      const now = await state();
      expect(now.hello.brokers[0]?.connected).toBe(true);
      expect(now.catalogue.nodes["env/hall"]?.presence).toBe("online");
      expect(now.alarms.standing["env_hall_temperature/too-hot"]?.ack?.by).toBe("local");
    }, WITHIN);
  });
});
