import { type AlarmEvent, buildTopic, encodeEvent, MEASURES } from "@fieldmesh/protocol";
import type { Log } from "@fieldmesh/runtime";
import { type Collection, type IndexDeclarations, upsert } from "@fieldmesh/storage";

/** The newest event of one rule of one stream, or the historian's boot. */
export type PromiseDocument = { stream: string; event: AlarmEvent } | { boot: number };

export const OBJECTIVE_INDEXES = {} as const satisfies IndexDeclarations;

export type Publish = (
  topic: string,
  payload: string,
  options: { qos: 0 | 1; retain: boolean },
) => Promise<void>;

export interface PromiseAlarmsOptions {
  collection: Collection<PromiseDocument>;
  publish: Publish;
  clock: () => number;
  log: Log;
}

interface Kept {
  stream: string;
  /** `undefined`: to be removed, its topic emptied. */
  event: AlarmEvent | undefined;
  written: boolean;
  published: boolean;
}

const BOOT = "boot";
/** Publishes of one turn: a broker that comes back is not met by all of them at once. */
const MAX_AT_ONCE = 100;
const PAGE = 1_000;

/**
 * The newest event of every promise, kept and published retained. (`boot`,`seq`) of an event never goes back:
 * the boot is greater than any before it, and the number counts a rule's events of this boot.
 */
export class PromiseAlarms {
  readonly #options: PromiseAlarmsOptions;
  /** By topic. */
  readonly #alarms = new Map<string, Kept>();
  readonly #seqs = new Map<string, number>();
  readonly #publishing = new Set<string>();
  #boot = 0;

  constructor(options: PromiseAlarmsOptions) {
    this.#options = options;
  }

  /** Takes up the newest events and a boot above the last one. */
  async restore(): Promise<void> {
    const { collection, clock } = this.#options;
    let after: string | undefined;
    do {
      const page = await collection.find({ index: "id", after, limit: PAGE });
      for (const { document } of page.items) {
        if ("boot" in document) this.#boot = document.boot;
        else {
          const { stream, event } = document;
          this.#alarms.set(topicOf(stream, event.rule), { stream, event, written: true, published: false });
        }
      }
      after = page.next;
    } while (after !== undefined);
    const inSeconds = Math.floor(clock() / 1_000);
    this.#boot = Math.max(this.#boot + 1, inSeconds);
    await upsert<PromiseDocument>(collection, BOOT, { boot: this.#boot });
  }

  get boot(): number {
    return this.#boot;
  }

  /** The newest event of a rule; of one that was raised in an earlier boot, too. */
  newest(stream: string, rule: string): AlarmEvent | undefined {
    return this.#alarms.get(topicOf(stream, rule))?.event;
  }

  /** Every rule of a stream of which there is an event. */
  rules(stream: string): string[] {
    return MEASURES.map((measure) => `slo-${measure}`).filter(
      (rule) => this.newest(stream, rule) !== undefined,
    );
  }

  streams(): Set<string> {
    return new Set([...this.#alarms.values()].map(({ stream }) => stream));
  }

  tell(stream: string, event: Omit<AlarmEvent, "boot" | "seq">): void {
    const topic = topicOf(stream, event.rule);
    const seq = (this.#seqs.get(topic) ?? 0) + 1;
    this.#seqs.set(topic, seq);
    const told: AlarmEvent = { ...event, boot: this.#boot, seq };
    this.#alarms.set(topic, { stream, event: told, written: false, published: false });
    this.#options.log.info(
      { stream, rule: event.rule, state: event.state, severity: event.severity },
      event.message,
    );
    this.publish();
  }

  /** Nothing is promised any more: whoever shows the alarm takes it away. */
  remove(stream: string, rule: string): void {
    const topic = topicOf(stream, rule);
    const kept = this.#alarms.get(topic);
    if (kept === undefined || kept.event === undefined) return;
    this.#alarms.set(topic, { stream, event: undefined, written: false, published: false });
    this.publish();
  }

  /** The broker may have lost what it kept: all are published again, with the numbers they had. */
  connected(): void {
    for (const kept of this.#alarms.values()) kept.published = false;
    this.publish();
  }

  /** Publishes what is not, some at a time; to be called each second. */
  publish(): void {
    for (const [topic, kept] of this.#alarms) {
      if (this.#publishing.size >= MAX_AT_ONCE) return;
      if (kept.published || this.#publishing.has(topic)) continue;
      this.#publishing.add(topic);
      const payload = kept.event === undefined ? "" : encodeEvent(kept.event);
      this.#options
        .publish(topic, payload, { qos: 1, retain: true })
        .then(
          () => {
            kept.published = true;
            if (kept.event === undefined && kept.written) this.#drop(topic, kept);
          },
          // No connection: it is published when there is one.
          (error: unknown) => this.#options.log.debug({ err: error, topic }, "an alarm was not published"),
        )
        .finally(() => this.#publishing.delete(topic));
    }
  }

  /** Writes what changed. @throws what the store throws; it is still changed then */
  async flush(): Promise<void> {
    const { collection } = this.#options;
    for (const [topic, kept] of this.#alarms) {
      if (kept.written) continue;
      if (kept.event === undefined) await collection.delete(topic);
      else await upsert<PromiseDocument>(collection, topic, { stream: kept.stream, event: kept.event });
      kept.written = true;
      if (kept.event === undefined && kept.published) this.#drop(topic, kept);
    }
  }

  #drop(topic: string, kept: Kept): void {
    if (this.#alarms.get(topic) === kept) this.#alarms.delete(topic);
  }
}

function topicOf(stream: string, rule: string): string {
  return buildTopic({ kind: "alarm", stream, rule });
}
