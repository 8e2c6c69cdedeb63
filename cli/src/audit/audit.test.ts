import { type Broker, startBroker } from "@fieldmesh/broker";
import { encodeReading, encodeStats, type Reading } from "@fieldmesh/protocol";
import { createLog, createMqttLink, type MqttLink } from "@fieldmesh/runtime";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { runCommand } from "../program.js";
import { capturedTerminal } from "../testing/captured-terminal.js";

const BOOT = 1_700_000_000;

/** A node by hand: it tells whatever account it likes. */
class HandNode {
  readonly #link: MqttLink;

  constructor(url: string) {
    this.#link = createMqttLink({
      urls: [url],
      clientId: "hand",
      log: createLog("hand", { level: "silent" }),
    });
  }

  async start(): Promise<void> {
    const connected = new Promise<void>((resolve) => this.#link.onConnect(() => resolve()));
    this.#link.start();
    await connected;
  }

  /** Given `lastSeq` readings, it says; read as often. */
  async account(lastSeq: number): Promise<void> {
    const sensor = {
      read: lastSeq,
      suppressed: 0,
      bad: 0,
      lastSeq,
      dropped: [],
      held: [],
      keptFrom: 1,
      state: "ok" as const,
    };
    const stats = {
      boot: BOOT,
      timestamp: Date.now(),
      sensors: { t: sensor },
      log: { bytes: 0, oldest: null },
      previous: [],
    };
    await this.#link.publish("env/hand/stats", encodeStats(stats), { qos: 1, retain: true });
  }

  async reading(seq: number): Promise<void> {
    const reading: Reading = {
      node: "hand",
      sensor: "t",
      value: seq,
      unit: "1",
      timestamp: Date.now(),
      boot: BOOT,
      seq,
    };
    await this.#link.publish("env/hand/t/raw", encodeReading(reading), { qos: 1 });
  }

  close(): Promise<void> {
    return this.#link.close();
  }
}

describe("fieldmesh audit", () => {
  let broker: Broker;
  let node: HandNode;

  beforeEach(async () => {
    broker = await startBroker({ port: 0 });
    node = new HandNode(`mqtt://127.0.0.1:${broker.port}`);
    await node.start();
  });

  afterEach(async () => {
    await node.close();
    await broker.close();
  });

  /** Runs an audit while the node goes on, every 100 ms, with what `step` does. */
  async function audit(args: string[], step: () => Promise<void>) {
    const terminal = capturedTerminal({ env: { MQTT_URL: `mqtt://127.0.0.1:${broker.port}` } });
    let going = true;
    const running = runCommand(["audit", "--json", ...args], terminal).finally(() => {
      going = false;
    });
    while (going) {
      await step();
      await Promise.race([running, new Promise((resolve) => setTimeout(resolve, 100))]);
    }
    const line = terminal.out().trim().split("\n").at(-1) ?? "";
    return { code: await running, err: terminal.err(), last: line === "" ? undefined : JSON.parse(line) };
  }

  it("holds when every reading that the node told of has come", async () => {
    await node.account(0);
    let seq = 0;
    const { code, last } = await audit(["--once"], async () => {
      seq += 1;
      await node.reading(seq);
      await node.account(seq);
    });
    expect(code).toBe(0);
    expect(last).toMatchObject({
      ok: true,
      rows: [
        { stream: "env_hand_t", boot: BOOT, unknown: 0, ok: true, toldAt: expect.any(Number) as number },
      ],
    });
  });

  it.each([["--once"], ["--every=200ms"]])(
    "ends with code 1 when readings are missing for good (%s)",
    async (mode) => {
      await node.account(0);
      let seq = 0;
      const { code, last } = await audit([mode, "--for", "2s", "--no-resend"], async () => {
        seq += 1;
        if (seq % 2 === 0) await node.reading(seq); // every other one is lost
        await node.account(seq);
      });
      expect(code).toBe(1);
      expect(last.ok).toBe(false);
      expect(last.rows[0].unknown).toBeGreaterThan(0);
      const [{ lastSeq, countedFrom, stored, dropped, held, unknown }] = last.rows;
      expect(lastSeq - countedFrom + 1).toBe(stored + dropped + held + unknown);
    },
    30_000,
  );

  it("says so when no node tells its account", async () => {
    const { code, err } = await audit(["--once", "--for", "300ms"], async () => {});
    expect(code).toBe(1);
    expect(err).toContain("no edge node");
  });
});
