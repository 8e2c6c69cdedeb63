import type { Log, StreamConsumer } from "@fieldmesh/runtime";
import type { AlarmBook } from "./alarms/book.js";

export interface RestoredOptions {
  consumer: Pick<StreamConsumer, "nodes" | "node" | "listening" | "forget">;
  alarms: Pick<AlarmBook, "allStanding" | "standing" | "remove">;
  clock: () => number;
  log: Log;
}

/** Retained messages of a broker, and the standing alarms of nodes that reconnect, are here by then. */
const CONFIRM_MS = 60_000;

/**
 * What was taken up from before a restart and not heard of since. A node that was removed, or an alarm whose
 * topic was emptied, while nobody listened is never heard of again: after a while it is let go.
 */
export class Restored {
  readonly #options: RestoredOptions;
  readonly #nodes: Set<string>;
  readonly #alarms: Set<string>;

  constructor(options: RestoredOptions) {
    this.#options = options;
    this.#nodes = new Set(options.consumer.nodes.keys());
    this.#alarms = new Set([...options.alarms.allStanding()].map(({ key }) => key));
  }

  /** @param key `{domain}/{node}` */
  heardNode(key: string): void {
    this.#nodes.delete(key);
  }

  /** @param key as the alarms have it */
  heardAlarm(key: string): void {
    this.#alarms.delete(key);
  }

  /** Lets go what was not heard of, once all brokers were listened to for long enough. */
  letGo(): void {
    const { consumer, alarms, clock, log } = this.#options;
    if (this.#nodes.size === 0 && this.#alarms.size === 0) return;
    const listening = Math.max(...consumer.listening().map((since) => since ?? Number.POSITIVE_INFINITY));
    if (clock() - listening < CONFIRM_MS) return;
    for (const key of this.#nodes) {
      const gone = consumer.nodes.get(key);
      if (gone === undefined) continue;
      log.info({ domain: gone.domain, node: gone.node }, "a node was removed while the dashboard was away");
      consumer.forget(gone.domain, gone.node);
    }
    this.#nodes.clear();
    for (const key of this.#alarms) {
      const alarm = alarms.standing(key);
      if (alarm === undefined) continue;
      // Nobody publishes that a node is offline: it is so for as long as the node is known.
      const { sensor, node } = alarm.event;
      if (sensor === "node" && consumer.node(alarm.domain, node) !== undefined) continue;
      log.info({ alarm: key }, "an alarm was removed while the dashboard was away");
      alarms.remove(key, clock());
    }
    this.#alarms.clear();
  }
}
