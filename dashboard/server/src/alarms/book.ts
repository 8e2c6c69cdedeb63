import {
  type Ack,
  type AlarmEvent,
  type Alarms,
  type AlarmView,
  type Stream,
  streamName,
  supersedes,
} from "@fieldmesh/protocol";
import { Revisions } from "../revisions.js";
import { AlarmHistory, episodeId } from "./history.js";

/** What happened to an alarm, for the store and for the notifications. */
export interface AlarmChange {
  what: "raised" | "cleared" | "ended" | "acknowledged";
  alarm: AlarmView;
}

/** The newest that is known of one alarm. */
export interface PresentAlarm {
  /** (`boot`,`seq`) of the newest event: what is not above it says nothing about the present. */
  boot: number;
  seq: number;
  standing?: AlarmView;
}

export interface AlarmBookOptions {
  /** Alarms that are kept track of; events of further ones are refused and counted. */
  maxAlarms?: number;
  maxHistory?: number;
  onChange: (change: AlarmChange) => void;
  /** The present state of a key changed, or is forgotten. */
  onPresent: (key: string, present: PresentAlarm | undefined) => void;
  /** An entry of the history is new or was corrected. */
  onHistory: (id: string, alarm: AlarmView) => void;
  /** An entry fell out of the history's bound. */
  onHistoryDropped: (id: string) => void;
}

const DEFAULT_MAX_ALARMS = 20_000;
const DEFAULT_MAX_HISTORY = 2_000;
/** A browser's list is not longer: older ones are the historian's. */
const BROWSER_HISTORY = 500;

export function alarmKey(stream: Stream, rule: string): string {
  return `${streamName(stream)}/${rule}`;
}

/**
 * Which alarms stand, and those that ended. An event counts for the present only when its (`boot`,`seq`) is
 * above the one that is held; one that was overtaken while its node was cut off goes to the history.
 */
export class AlarmBook {
  readonly #options: AlarmBookOptions;
  readonly #present = new Map<string, PresentAlarm>();
  readonly #acks = new Map<string, Ack>();
  readonly #revisions = new Revisions();
  readonly #history: AlarmHistory;
  #refused = 0;

  constructor(options: AlarmBookOptions) {
    this.#options = options;
    this.#history = new AlarmHistory(options.maxHistory ?? DEFAULT_MAX_HISTORY, options);
  }

  /** Takes up what was stored; nothing is reported as changed. */
  restore(present: Iterable<[string, PresentAlarm]>, history: Iterable<AlarmView>): void {
    for (const [key, state] of present) {
      this.#present.set(key, state);
      if (state.standing === undefined) continue;
      this.#revisions.touch(key);
      if (state.standing.ack !== undefined) this.#acks.set(key, state.standing.ack);
    }
    this.#history.restore(history);
  }

  /** Events refused because too many alarms are known. */
  get refused(): number {
    return this.#refused;
  }

  standing(key: string): AlarmView | undefined {
    return this.#present.get(key)?.standing;
  }

  *allStanding(): Generator<AlarmView> {
    for (const { standing } of this.#present.values()) if (standing !== undefined) yield standing;
  }

  /** An event from the wire; those of the older forms are repeated while the alarm stands, and never cleared. */
  event(stream: Stream, event: AlarmEvent, isOlderForm: boolean): void {
    const key = alarmKey(stream, event.rule);
    const held = this.#present.get(key);
    if (held === undefined && this.#present.size >= (this.#options.maxAlarms ?? DEFAULT_MAX_ALARMS)) {
      this.#refused += 1;
      return;
    }
    if (isOlderForm && held?.standing !== undefined) {
      this.#repeated(key, held, held.standing, event);
      return;
    }
    if (held !== undefined && !supersedes(held, event)) {
      if (event.boot !== held.boot || event.seq !== held.seq)
        this.#history.overtaken(key, stream.domain, event);
      return;
    }
    if (event.state === "raised") this.#raise(key, stream.domain, event, held);
    else this.#clear(key, stream.domain, event, held);
  }

  /**
   * An alarm that this server finds itself (a node is offline or silent): stands while `event` is given. The
   * same (`boot`,`seq`) is the same raise.
   */
  derived(stream: Stream, rule: string, event: AlarmEvent | undefined, now: number): void {
    const key = alarmKey(stream, rule);
    const held = this.#present.get(key);
    const standing = held?.standing;
    if (event === undefined) {
      if (held === undefined || standing === undefined) return;
      this.#end(key, held, standing, { endedAt: now }, "cleared");
    } else if (standing?.event.boot !== event.boot || standing.event.seq !== event.seq) {
      this.#raise(key, stream.domain, event, held);
    }
  }

  /** An acknowledgement from the wire; `null` when it was taken back. */
  acknowledge(stream: Stream, rule: string, ack: Ack | null): void {
    const key = alarmKey(stream, rule);
    if (ack === null) this.#acks.delete(key);
    else if (this.#acks.size < (this.#options.maxAlarms ?? DEFAULT_MAX_ALARMS) || this.#acks.has(key)) {
      this.#acks.set(key, ack);
    }
    const held = this.#present.get(key);
    const standing = held?.standing;
    if (held === undefined || standing === undefined) return;
    const { ack: before, ...bare } = standing;
    const holds = holdsFor(ack, standing.event);
    if (holds ? before?.at === ack?.at && before?.by === ack?.by : before === undefined) return;
    const alarm: AlarmView = holds && ack !== null ? { ...bare, ack } : bare;
    this.#put(key, { ...held, standing: alarm });
    if (holds) this.#options.onChange({ what: "acknowledged", alarm });
  }

  /** An alarm of the older forms was not repeated in time. */
  expired(key: string, now: number): void {
    const held = this.#present.get(key);
    if (held?.standing === undefined) return;
    this.#end(key, held, held.standing, { endedAt: now, ended: "expired" }, "ended");
  }

  /** Forgets one alarm: its node, sensor or rule was removed for good. */
  remove(key: string, now: number): void {
    this.#acks.delete(key);
    const held = this.#present.get(key);
    if (held === undefined) return;
    if (held.standing !== undefined) {
      this.#end(key, held, held.standing, { endedAt: now, ended: "removed" }, "ended");
    }
    this.#present.delete(key);
    this.#options.onPresent(key, undefined);
  }

  /** Keys of all alarms and acknowledgements of a node, or of one of its sensors. */
  keysOf(domain: string, node: string, sensor?: string): string[] {
    const prefix = sensor === undefined ? `${domain}_${node}_` : `${domain}_${node}_${sensor}/`;
    const keys = new Set([...this.#present.keys(), ...this.#acks.keys()]);
    return [...keys].filter((key) => key.startsWith(prefix));
  }

  get revision(): number {
    return this.#revisions.current + this.#history.revision;
  }

  /** What a browser has to be told that was told everything up to `known`; undefined when nothing. */
  since(known: AlarmsKnown | undefined): { alarms: Alarms; known: AlarmsKnown } | undefined {
    const now: AlarmsKnown = { standing: this.#revisions.current, history: this.#history.revision };
    if (known !== undefined && known.standing === now.standing && known.history === now.history)
      return undefined;
    const changes = known === undefined ? undefined : this.#revisions.since(known.standing);
    const newer = known === undefined ? undefined : this.#history.since(known.history);
    if (changes === undefined || newer === undefined) return { alarms: this.full(), known: now };
    const standing: Alarms["standing"] = {};
    for (const key of changes.changed) standing[key] = this.standing(key) ?? null;
    for (const key of changes.removed) standing[key] = null;
    return { alarms: { full: false, standing, history: newer.slice(0, BROWSER_HISTORY) }, known: now };
  }

  full(): Alarms {
    const standing: Alarms["standing"] = {};
    for (const alarm of this.allStanding()) standing[alarm.key] = alarm;
    return { full: true, standing, history: this.#history.newest(BROWSER_HISTORY) };
  }

  #raise(key: string, domain: string, event: AlarmEvent, held: PresentAlarm | undefined): void {
    if (held?.standing !== undefined) {
      // Its clearing was not seen (it may still come, overtaken, and correct the time).
      this.#history.add(episodeId(held.standing), { ...held.standing, endedAt: event.timestamp });
    }
    const ack = this.#acks.get(key);
    const alarm: AlarmView = {
      key,
      domain,
      event,
      ...(ack !== undefined && holdsFor(ack, event) ? { ack } : {}),
    };
    this.#put(key, { boot: event.boot, seq: event.seq, standing: alarm });
    this.#options.onChange({ what: "raised", alarm });
  }

  #clear(key: string, domain: string, event: AlarmEvent, held: PresentAlarm | undefined): void {
    const next: PresentAlarm = { boot: event.boot, seq: event.seq };
    if (held?.standing === undefined) {
      this.#put(key, next);
      this.#history.overtaken(key, domain, event);
      return;
    }
    this.#end(key, next, held.standing, { endedAt: event.timestamp }, "cleared", event);
  }

  #end(
    key: string,
    held: PresentAlarm,
    standing: AlarmView,
    how: { endedAt: number; ended?: "expired" | "removed" },
    what: "cleared" | "ended",
    clearedBy?: AlarmEvent,
  ): void {
    const alarm: AlarmView = { ...standing, ...how };
    this.#put(key, { boot: held.boot, seq: held.seq });
    this.#history.add(episodeId(alarm), alarm, clearedBy);
    this.#options.onChange({ what, alarm });
  }

  /** The older forms repeat a standing alarm: it stays the same raise, with the newest value. */
  #repeated(key: string, held: PresentAlarm, standing: AlarmView, event: AlarmEvent): void {
    const { boot, seq, since, timestamp } = standing.event;
    if (standing.event.value === event.value && standing.event.message === event.message) return;
    this.#put(key, {
      ...held,
      standing: { ...standing, event: { ...event, boot, seq, since, timestamp } },
    });
  }

  #put(key: string, present: PresentAlarm): void {
    this.#present.set(key, present);
    if (present.standing === undefined) this.#revisions.remove(key);
    else this.#revisions.touch(key);
    this.#options.onPresent(key, present);
  }
}

/** Up to which revisions a browser was told. */
export interface AlarmsKnown {
  standing: number;
  history: number;
}

function holdsFor(ack: Ack | null, event: AlarmEvent): boolean {
  return ack !== null && ack.boot === event.boot && ack.seq === event.seq;
}
