import { type AlarmEvent, type LostRange, RangeSet, type SeqRange } from "@fieldmesh/protocol";
import type { Commit, Item, ItemKind } from "./entry.js";

/** What became of the items of one stream (a sensor's readings, a rule's events) in one boot. */
export class StreamState {
  /** Times read without giving a reading. */
  suppressed = 0;
  /** Of those given, how many were bad. */
  bad = 0;
  /** The newest sequence number given. */
  lastSeq = 0;
  /** Given, and not yet acknowledged by the broker. */
  readonly held = new RangeSet();
  /** Gone for good, by cause. */
  readonly dropped = new Map<string, RangeSet>();

  drop(from: number, to: number, cause: string): void {
    this.held.remove(from, to);
    let ranges = this.dropped.get(cause);
    if (ranges === undefined) {
      ranges = new RangeSet();
      this.dropped.set(cause, ranges);
    }
    ranges.add(from, to);
  }

  /** All that is gone, in order. */
  lost(): LostRange[] {
    const lost: LostRange[] = [];
    for (const [cause, ranges] of this.dropped) {
      for (const [from, to] of ranges.ranges()) lost.push([from, to, cause]);
    }
    return lost.sort((a, b) => a[0] - b[0]);
  }
}

export interface BootState {
  boot: number;
  /** Log time at which it began, ms. */
  startedAt: number;
  readings: Map<string, StreamState>;
  /** Key: `{sensor}/{rule}`. */
  events: Map<string, StreamState>;
}

type StreamSnapshot = [
  key: string,
  suppressed: number,
  bad: number,
  lastSeq: number,
  held: SeqRange[],
  dropped: LostRange[],
];

export interface StateSnapshot {
  logTime: number;
  wall: number;
  boots: { boot: number; startedAt: number; readings: StreamSnapshot[]; events: StreamSnapshot[] }[];
  newest: AlarmEvent[];
}

/**
 * What the log knows, kept in memory and written as a snapshot at the head of each segment: every account and
 * the newest event of each rule. It never holds a reading.
 */
export class LogState {
  readonly boots = new Map<number, BootState>();
  /** The newest event of each rule; those with state "raised" are the standing alarms. */
  readonly newest = new Map<string, AlarmEvent>();

  boot(boot: number, startedAt: number): BootState {
    let state = this.boots.get(boot);
    if (state === undefined) {
      state = { boot, startedAt, readings: new Map(), events: new Map() };
      this.boots.set(boot, state);
    }
    return state;
  }

  find(kind: ItemKind, key: string, boot: number): StreamState | undefined {
    const state = this.boots.get(boot);
    return kind === "reading" ? state?.readings.get(key) : state?.events.get(key);
  }

  /** How many items are held, of all streams of a kind or of one, over all boots. */
  heldCount(kind: ItemKind, key?: string): number {
    let count = 0;
    for (const boot of this.boots.values()) {
      const streams = kind === "reading" ? boot.readings : boot.events;
      if (key !== undefined) count += streams.get(key)?.held.count ?? 0;
      else for (const stream of streams.values()) count += stream.held.count;
    }
    return count;
  }

  stream(kind: ItemKind, key: string, boot: number, now: number): StreamState {
    const state = this.boot(boot, now);
    const streams = kind === "reading" ? state.readings : state.events;
    let stream = streams.get(key);
    if (stream === undefined) {
      stream = new StreamState();
      streams.set(key, stream);
    }
    return stream;
  }

  /** An item was given. One that the state already knows of (from a snapshot) changes nothing. */
  given(item: Item, now: number): void {
    const stream = this.stream(item.kind, item.key, item.boot, now);
    if (item.seq <= stream.lastSeq) return;
    stream.lastSeq = item.seq;
    stream.held.add(item.seq, item.seq);
    if (item.kind === "reading") {
      if (item.reading.quality === "bad") stream.bad += 1;
    } else {
      this.newest.set(item.key, item.event);
    }
  }

  commit(commit: Commit): void {
    const [logTime] = commit.clock;
    if (commit.boot !== undefined) this.boot(commit.boot.boot, commit.boot.at);
    for (const [kind, key, boot, ranges] of commit.acked ?? []) {
      const held = this.find(kind, key, boot)?.held;
      for (const [from, to] of ranges) held?.remove(from, to);
    }
    for (const [kind, key, boot, from, to, cause] of commit.dropped ?? []) {
      // What was given up in memory was never written: only this record tells that it was given.
      const stream = this.stream(kind, key, boot, logTime);
      stream.lastSeq = Math.max(stream.lastSeq, to);
      stream.drop(from, to, cause);
    }
    for (const [sensor, boot, count] of commit.suppressed ?? []) {
      this.stream("reading", sensor, boot, logTime).suppressed = count;
    }
    for (const key of commit.retired ?? []) this.newest.delete(key);
  }

  snapshot(logTime: number, wall: number): StateSnapshot {
    const streams = (map: Map<string, StreamState>): StreamSnapshot[] =>
      [...map].map(([key, s]) => [key, s.suppressed, s.bad, s.lastSeq, [...s.held.ranges()], s.lost()]);
    return {
      logTime,
      wall,
      boots: [...this.boots.values()].map((b) => ({
        boot: b.boot,
        startedAt: b.startedAt,
        readings: streams(b.readings),
        events: streams(b.events),
      })),
      newest: [...this.newest.values()],
    };
  }

  /** Becomes what the snapshot says. */
  restore(snapshot: StateSnapshot): void {
    this.boots.clear();
    this.newest.clear();
    for (const b of snapshot.boots) {
      const state = this.boot(b.boot, b.startedAt);
      restoreStreams(state.readings, b.readings);
      restoreStreams(state.events, b.events);
    }
    for (const event of snapshot.newest) this.newest.set(`${event.sensor}/${event.rule}`, event);
  }
}

function restoreStreams(into: Map<string, StreamState>, snapshots: StreamSnapshot[]): void {
  for (const [key, suppressed, bad, lastSeq, held, dropped] of snapshots) {
    const stream = new StreamState();
    stream.suppressed = suppressed;
    stream.bad = bad;
    stream.lastSeq = lastSeq;
    for (const [from, to] of held) stream.held.add(from, to);
    for (const [from, to, cause] of dropped) stream.drop(from, to, cause);
    into.set(key, stream);
  }
}
