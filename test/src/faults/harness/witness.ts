import type { Reading } from "@fieldmesh/protocol";
import {
  type ArrivedReading,
  type AuditRow,
  type ConsumerClock,
  type ConsumerState,
  createLog,
  createMqttLink,
  createStreamConsumer,
  type MqttLink,
  type StreamConsumer,
} from "@fieldmesh/runtime";

export interface WitnessSettings {
  url: string;
  /** Keep a session at the broker: it queues for this consumer while it is away. */
  persistent?: boolean;
  state?: ConsumerState;
  /** Readings that a former run of this witness stored. */
  stored?: WitnessedReadings;
}

/** By `{node}/{sensor}/{boot}` and number: when it was read, and its value. */
export type WitnessedReadings = Map<string, Map<number, Pick<Reading, "timestamp" | "value">>>;

/**
 * The consumer under test, and beside it the plainest possible storage: a map for each sensor and boot. What the ledger says is compared with it.
 */
export class Witness {
  readonly consumer: StreamConsumer;
  readonly link: MqttLink;
  readonly stored: WitnessedReadings;
  /** Readings that were passed on a second time: must stay empty. */
  readonly repeated: string[] = [];
  /** Added to this consumer's own clock, ms. */
  shiftMs = 0;
  readonly #statsAt = new Map<string, number>();

  constructor(settings: WitnessSettings) {
    const log = createLog("witness", { level: "silent" });
    const persistent = settings.persistent === true;
    this.stored = settings.stored ?? new Map();
    this.link = createMqttLink({
      urls: [settings.url],
      clientId: persistent ? "fm_witness" : `fm_witness_${Math.random().toString(36).slice(2, 10)}`,
      clean: !persistent,
      log,
    });
    const clock: ConsumerClock = {
      now: () => Date.now() + this.shiftMs,
      monotonic: () => performance.now(),
    };
    this.consumer = createStreamConsumer({
      links: [this.link],
      by: "witness",
      log,
      clock,
      ...(settings.state === undefined ? {} : { state: settings.state }),
      onReading: (arrived) => this.#store(arrived),
      onNode: ({ node }, change) => {
        if (change === "stats") this.#statsAt.set(node, performance.now());
      },
    });
  }

  start(): void {
    this.consumer.start();
  }

  rows(node: string): AuditRow[] {
    return this.consumer.audit().filter((row) => row.node === node);
  }

  /** Stats of the node have come since then (a time of `performance.now()`). */
  heardStatsSince(node: string, time: number): boolean {
    return (this.#statsAt.get(node) ?? 0) > time;
  }

  storedOf(node: string): number {
    let count = 0;
    for (const [key, readings] of this.stored) if (key.startsWith(`${node}/`)) count += readings.size;
    return count;
  }

  readings(
    node: string,
    sensor: string,
    boot: number,
  ): Iterable<[number, Pick<Reading, "timestamp" | "value">]> {
    return this.stored.get(`${node}/${sensor}/${boot}`) ?? [];
  }

  async close(): Promise<void> {
    await this.consumer.close();
  }

  #store({ reading }: ArrivedReading): void {
    const key = `${reading.node}/${reading.sensor}/${reading.boot}`;
    const readings = this.stored.get(key) ?? new Map();
    this.stored.set(key, readings);
    if (readings.has(reading.seq)) this.repeated.push(`${key}/${reading.seq}`);
    readings.set(reading.seq, { timestamp: reading.timestamp, value: reading.value });
  }
}
