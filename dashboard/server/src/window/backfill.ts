import {
  type ArrivedReading,
  ConsumerClosedError,
  type ConsumerNode,
  type Log,
  type StreamConsumer,
} from "@fieldmesh/runtime";
import type { Windows } from "./windows.js";

/** Nodes asked at once: each sends some 200 readings a second, beside what goes on live. */
const NODES_AT_ONCE = 3;
/** Asked of one stream at most, whatever the window holds. */
const MAX_READINGS = 3_000;
/** A sensor that declares no interval is taken for one of 1 s. */
const DEFAULT_INTERVAL_MS = 1_000;
/** A node replies when it has sent everything, behind what others asked for. */
const TIMEOUT_MS = 60_000;

export interface BackfillOptions {
  consumer: Pick<StreamConsumer, "request" | "nodes">;
  windows: Windows;
  log: Log;
}

/** What is asked of one stream. */
interface Wanted {
  sensor: string;
  boot: number;
  from: number;
  to: number;
}

/**
 * The past of a window that begins empty: a node keeps its readings of the last minutes, so a dashboard that starts
 * anew asks it once for those that the window would hold. They are for the chart alone: the account of a stream begins
 * with the first stats all the same. What a node does not send then is not asked for again.
 */
export class Backfill {
  readonly #options: BackfillOptions;
  /** Streams that need no past, by name: they have it, or were asked for. */
  readonly #settled: Set<string>;
  /** What was asked of each stream, by name. */
  readonly #asked = new Map<string, Wanted>();
  readonly #waiting = new Set<string>();
  #working = 0;
  #closed = false;

  /** Windows that hold something by now go on from it: the consumer closes their gaps. */
  constructor(options: BackfillOptions) {
    this.#options = options;
    this.#settled = new Set(
      [...options.windows.entries()].filter(([, ring]) => ring.size > 0).map(([name]) => name),
    );
  }

  /** Something was heard of a node. @param key `{domain}/{node}` */
  heard(key: string, node: ConsumerNode): void {
    const { stats } = node;
    if (stats === null || node.presence.presence !== "online" || this.#waiting.has(key)) return;
    const isNew = [...node.streams.values()].some(
      ({ name, stream }) => !this.#settled.has(name) && Object.hasOwn(stats.sensors, stream.sensor),
    );
    if (!isNew) return;
    this.#waiting.add(key);
    this.#next();
  }

  /** A node was removed: should it come again, it has a past again. */
  forget(node: ConsumerNode): void {
    for (const { name } of node.streams.values()) {
      this.#settled.delete(name);
      this.#asked.delete(name);
    }
  }

  /** Whether a reading came because it was asked for here, and is older than the window is long. */
  tooOld({ name, reading, clockOffsetMs, arrivedAt }: ArrivedReading): boolean {
    const asked = this.#asked.get(name);
    if (asked === undefined || reading.backfill !== true || reading.boot !== asked.boot) return false;
    if (reading.seq < asked.from || reading.seq > asked.to) return false;
    return reading.timestamp - clockOffsetMs <= arrivedAt - this.#options.windows.limits.windowMs;
  }

  close(): void {
    this.#closed = true;
  }

  #next(): void {
    for (const key of this.#waiting) {
      if (this.#closed || this.#working >= NODES_AT_ONCE) return;
      this.#waiting.delete(key);
      this.#working += 1;
      void this.#fill(key).finally(() => {
        this.#working -= 1;
        this.#next();
      });
    }
  }

  async #fill(key: string): Promise<void> {
    const { consumer, log } = this.#options;
    const node = consumer.nodes.get(key);
    if (node === undefined) return;
    for (const [name, wanted] of this.#wanted(node)) {
      if (this.#closed) return;
      this.#asked.set(name, wanted);
      try {
        await consumer.request({ domain: node.domain, node: node.node, name: "resend" }, wanted, TIMEOUT_MS);
      } catch (error) {
        if (error instanceof ConsumerClosedError) return;
        log.debug({ stream: name, err: error }, "a node did not send the past of a window");
      }
    }
  }

  /** What the windows of a node lack, stream by stream; they count as settled from now on. */
  #wanted(node: ConsumerNode): Map<string, Wanted> {
    const { windows } = this.#options;
    const { windowMs, maxReadings } = windows.limits;
    const wanted = new Map<string, Wanted>();
    for (const { stream, name, ledger } of node.streams.values()) {
      const sensors = node.stats?.sensors ?? {};
      // `constructor` is a legal name.
      const account = Object.hasOwn(sensors, stream.sensor) ? sensors[stream.sensor] : undefined;
      const boot = node.stats?.boot;
      if (account === undefined || boot === undefined || this.#settled.has(name)) continue;
      this.#settled.add(name);
      const intervalMs =
        node.birth?.sensors.find(({ id }) => id === stream.sensor)?.intervalMs ?? DEFAULT_INTERVAL_MS;
      const count = Math.min(MAX_READINGS, maxReadings, Math.ceil(windowMs / intervalMs));
      // What the account begins with, and whatever comes after it, the consumer asks for itself.
      const counted = ledger.terms().find((terms) => terms.boot === boot)?.countedFrom ?? account.lastSeq + 1;
      const to = Math.min(account.lastSeq, counted - 1);
      const from = Math.max(1, account.keptFrom, to - count + 1);
      if (from <= to) wanted.set(name, { sensor: stream.sensor, boot, from, to });
    }
    return wanted;
  }
}
