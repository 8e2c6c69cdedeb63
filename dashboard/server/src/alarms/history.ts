import type { AlarmEvent, AlarmView } from "@fieldmesh/protocol";

/** Names one episode of an alarm for ever: its raise. */
export function episodeId(alarm: AlarmView): string {
  return `${alarm.key} ${alarm.event.boot} ${alarm.event.seq}`;
}

interface Kept {
  id: string;
  alarm: AlarmView;
  revision: number;
  /** The event that cleared it, as far as is known: an overtaken one may show that it was another's end. */
  clearedBy?: AlarmEvent | undefined;
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
  /** Revision at which an entry was last taken out of the middle. */
  #rewritten = 0;

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

  add(id: string, alarm: AlarmView, clearedBy?: AlarmEvent): void {
    const before = this.#kept.findIndex((kept) => kept.id === id);
    if (before >= 0) this.#kept.splice(before, 1);
    const kept: Kept = { id, alarm, revision: ++this.#revision, clearedBy };
    const at = this.#kept.findIndex((other) => endOf(other.alarm) <= endOf(alarm));
    if (at < 0) this.#kept.push(kept);
    else this.#kept.splice(at, 0, kept);
    this.#listener.onHistory(id, alarm);
    for (const dropped of this.#kept.splice(this.#max)) this.#listener.onHistoryDropped(dropped.id);
  }

  /**
   * An event that says nothing about the present, because newer ones are known. A raise is an episode of its
   * own; a clear ends the raise before it, or is all that is known of its episode until that raise comes.
   */
  overtaken(key: string, domain: string, event: AlarmEvent): void {
    const known = this.#kept
      .filter(({ alarm }) => alarm.key === key)
      .sort((one, other) => compare(one.alarm.event, other.alarm.event));
    const isKnown = ({ alarm, clearedBy }: Kept): boolean =>
      compare(alarm.event, event) === 0 || (clearedBy !== undefined && compare(clearedBy, event) === 0);
    if (known.some(isKnown)) return;
    const before = known.findLast(({ alarm }) => compare(alarm.event, event) < 0);
    if (event.state === "raised") this.#addRaise({ key, domain, event }, before, known);
    else if (before?.alarm.event.state !== "raised") this.#addClear(key, domain, event);
    else {
      const { clearedBy } = before;
      const isItsEnd = clearedBy === undefined || compare(clearedBy, event) > 0;
      if (isItsEnd) this.add(before.id, { ...before.alarm, endedAt: event.timestamp }, event);
      // The other one is the end of a later raise, which is still to come.
      if (clearedBy !== undefined) this.#addClear(key, domain, isItsEnd ? clearedBy : event);
    }
  }

  #addRaise(alarm: AlarmView, before: Kept | undefined, known: readonly Kept[]): void {
    const { event } = alarm;
    const next = known.find((kept) => compare(kept.alarm.event, event) > 0);
    let end: AlarmEvent | undefined;
    if (before?.clearedBy !== undefined && compare(before.clearedBy, event) > 0) {
      // The end that the raise before was given is this one's: of its own only the latest time is known.
      end = before.clearedBy;
      this.add(before.id, { ...before.alarm, endedAt: event.timestamp });
    } else if (next?.alarm.event.state === "cleared") {
      end = next.alarm.event;
      this.#remove(next.id);
    }
    this.add(episodeId(alarm), end === undefined ? alarm : { ...alarm, endedAt: end.timestamp }, end);
  }

  /** An end of which the raise is not known. */
  #addClear(key: string, domain: string, event: AlarmEvent): void {
    const alarm: AlarmView = { key, domain, event, endedAt: event.timestamp };
    this.add(episodeId(alarm), alarm, event);
  }

  newest(count: number): AlarmView[] {
    return this.#kept.slice(0, count).map(({ alarm }) => alarm);
  }

  /** Those new or corrected after `revision`, newest first; undefined when an entry was taken out since. */
  since(revision: number): AlarmView[] | undefined {
    if (revision < this.#rewritten) return undefined;
    return this.#kept.filter((kept) => kept.revision > revision).map(({ alarm }) => alarm);
  }

  #remove(id: string): void {
    this.#kept = this.#kept.filter((kept) => kept.id !== id);
    this.#rewritten = ++this.#revision;
    this.#listener.onHistoryDropped(id);
  }
}

/** In the order in which the node made them. */
function compare(one: AlarmEvent, other: AlarmEvent): number {
  return one.boot - other.boot || one.seq - other.seq;
}

function endOf(alarm: AlarmView): number {
  return alarm.endedAt ?? alarm.event.timestamp;
}
