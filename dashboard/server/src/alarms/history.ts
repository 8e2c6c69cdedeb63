import type { AlarmEvent, AlarmView } from "@fieldmesh/protocol";

/** Names one episode of an alarm for ever: its raise. */
export function episodeId(alarm: AlarmView): string {
  return `${alarm.key} ${alarm.event.boot} ${alarm.event.seq}`;
}

interface Kept {
  id: string;
  alarm: AlarmView;
  revision: number;
}

export interface HistoryListener {
  /** An entry is new or was corrected. */
  onHistory(id: string, alarm: AlarmView): void;
  onHistoryDropped(id: string): void;
}

/** Alarms that are over, newest first, at most so many. An episode that was corrected replaces itself. */
export class AlarmHistory {
  readonly #max: number;
  readonly #listener: HistoryListener;
  #kept: Kept[] = [];
  #revision = 0;

  constructor(max: number, listener: HistoryListener) {
    this.#max = max;
    this.#listener = listener;
  }

  get revision(): number {
    return this.#revision;
  }

  restore(alarms: Iterable<AlarmView>): void {
    this.#kept = [...alarms].map((alarm) => ({ id: episodeId(alarm), alarm, revision: 0 }));
    this.#kept.sort((one, other) => endOf(other.alarm) - endOf(one.alarm));
    for (const dropped of this.#kept.splice(this.#max)) this.#listener.onHistoryDropped(dropped.id);
  }

  add(id: string, alarm: AlarmView): void {
    const before = this.#kept.findIndex((kept) => kept.id === id);
    if (before >= 0) this.#kept.splice(before, 1);
    const kept = { id, alarm, revision: ++this.#revision };
    const at = this.#kept.findIndex((other) => endOf(other.alarm) <= endOf(alarm));
    if (at < 0) this.#kept.push(kept);
    else this.#kept.splice(at, 0, kept);
    this.#listener.onHistory(id, alarm);
    for (const dropped of this.#kept.splice(this.#max)) this.#listener.onHistoryDropped(dropped.id);
  }

  /**
   * An event that says nothing about the present, because newer ones are known. A raise is an episode of its
   * own; a clear ends the raise before it, or is all that is known of its episode.
   */
  overtaken(key: string, domain: string, event: AlarmEvent): void {
    const alarm: AlarmView = { key, domain, event };
    if (event.state === "raised") {
      if (!this.#kept.some(({ id }) => id === episodeId(alarm))) this.add(episodeId(alarm), alarm);
      return;
    }
    let raise: AlarmView | undefined;
    for (const { alarm: other } of this.#kept) {
      const { boot, seq } = other.event;
      if (other.key !== key || boot !== event.boot || seq > event.seq) continue;
      if (raise === undefined || seq > raise.event.seq) raise = other;
    }
    if (raise?.event.seq === event.seq) return; // known already
    if (raise?.event.state !== "raised") this.add(episodeId(alarm), { ...alarm, endedAt: event.timestamp });
    else if (raise.endedAt === undefined || raise.endedAt > event.timestamp) {
      this.add(episodeId(raise), { ...raise, endedAt: event.timestamp });
    }
  }

  newest(count: number): AlarmView[] {
    return this.#kept.slice(0, count).map(({ alarm }) => alarm);
  }

  /** Those new or corrected after `revision`, newest first. */
  since(revision: number): AlarmView[] {
    return this.#kept.filter((kept) => kept.revision > revision).map(({ alarm }) => alarm);
  }
}

function endOf(alarm: AlarmView): number {
  return alarm.endedAt ?? alarm.event.timestamp;
}
