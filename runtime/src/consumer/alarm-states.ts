import { type AlarmEvent, type Stream, streamName, supersedes } from "@fieldmesh/protocol";

export interface AlarmRecord {
  stream: Stream;
  event: AlarmEvent;
  /** Older forms, which nothing clears, end then, ms. */
  expiresAt?: number;
}

/** How an event relates to the present state of its alarm. */
export type EventOrder =
  | "newest" // it is the present state now
  | "same" // it was already: published again after a reconnect, or retained
  | "older"; // overtaken by a newer one: history only

/** The newest event of every rule, bounded in number. */
export class AlarmStates {
  readonly #limit: number;
  readonly #alarms = new Map<string, AlarmRecord>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** `undefined` when this would be one rule too many. */
  take(stream: Stream, event: AlarmEvent, expiresAt?: number): EventOrder | undefined {
    const key = keyOf(stream, event.rule);
    const held = this.#alarms.get(key);
    if (held === undefined && this.#alarms.size >= this.#limit) return undefined;
    if (held !== undefined && !supersedes(held.event, event)) {
      return held.event.boot === event.boot && held.event.seq === event.seq ? "same" : "older";
    }
    this.#alarms.set(key, { stream, event, ...(expiresAt === undefined ? {} : { expiresAt }) });
    return "newest";
  }

  /** Answers what it took out. */
  remove(stream: Stream, rule: string): AlarmRecord | undefined {
    const key = keyOf(stream, rule);
    const alarm = this.#alarms.get(key);
    this.#alarms.delete(key);
    return alarm;
  }

  removeNode(domain: string, node: string): void {
    for (const [key, { stream }] of this.#alarms) {
      if (stream.domain === domain && stream.node === node) this.#alarms.delete(key);
    }
  }

  /** Takes out those that have expired. */
  expire(now: number): AlarmRecord[] {
    const expired: AlarmRecord[] = [];
    for (const [key, alarm] of this.#alarms) {
      if (alarm.expiresAt === undefined || alarm.expiresAt > now) continue;
      this.#alarms.delete(key);
      expired.push(alarm);
    }
    return expired;
  }

  values(): IterableIterator<AlarmRecord> {
    return this.#alarms.values();
  }
}

function keyOf(stream: Stream, rule: string): string {
  return `${streamName(stream)}/${rule}`;
}
