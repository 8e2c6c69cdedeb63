import type { Alarms, AlarmView, HistoryEvent, Severity } from "@fieldmesh/protocol";

export interface AlarmBook {
  standing: ReadonlyMap<string, AlarmView>;
  /** Newest first. */
  history: readonly AlarmView[];
}

export const EMPTY_BOOK: AlarmBook = { standing: new Map(), history: [] };

/** As many as the server gives at once: an open page does not grow for ever. */
const MAX_HISTORY = 500; // alarms

/** The alarms after a message of the server; the book given is left alone. */
export function applyAlarms(book: AlarmBook, message: Alarms): AlarmBook {
  const standing = new Map(message.full ? [] : book.standing);
  for (const [key, alarm] of Object.entries(message.standing)) {
    if (alarm === null) standing.delete(key);
    else standing.set(key, alarm);
  }
  if (message.full) return { standing, history: message.history.slice(0, MAX_HISTORY) };
  if (message.history.length === 0) return { standing, history: book.history };
  const fresh = new Set(message.history.map(raiseId));
  const rest = book.history.filter((alarm) => !fresh.has(raiseId(alarm)));
  // An entry that was corrected may belong further down than those before it.
  const history = [...message.history, ...rest].sort((a, b) => endOf(b) - endOf(a));
  return { standing, history: history.slice(0, MAX_HISTORY) };
}

function endOf(alarm: AlarmView): number {
  return alarm.endedAt ?? alarm.event.timestamp;
}

/** Names one entry for good. */
export function raiseId(alarm: AlarmView): string {
  return `${alarm.key}#${alarm.event.boot}.${alarm.event.seq}`;
}

/** Raised by this message: what a screen reader is told. */
export function newlyRaised(before: AlarmBook, after: AlarmBook): AlarmView[] {
  return [...after.standing.values()].filter((alarm) => {
    const old = before.standing.get(alarm.key);
    return old === undefined || raiseId(old) !== raiseId(alarm);
  });
}

/** An acknowledgement holds for exactly the raise it names. */
export function isAcknowledged(alarm: AlarmView): boolean {
  return alarm.ack !== undefined && alarm.ack.boot === alarm.event.boot && alarm.ack.seq === alarm.event.seq;
}

const RANK: Record<Severity, number> = { critical: 0, warning: 1, info: 2 };

/** Unacknowledged first, then by severity, then the newest. */
export function sortStanding(alarms: Iterable<AlarmView>): AlarmView[] {
  return [...alarms].sort(
    (a, b) =>
      Number(isAcknowledged(a)) - Number(isAcknowledged(b)) ||
      RANK[a.event.severity] - RANK[b.event.severity] ||
      b.event.timestamp - a.event.timestamp,
  );
}

/** `{domain}_{node}_{sensor}`; of a node's own alarm the sensor is `node`. */
export function alarmStream(alarm: AlarmView): string {
  return `${alarm.domain}_${alarm.event.node}_${alarm.event.sensor}`;
}

/** Whether it tells of a node that is away, not of a sensor's value. */
export function isNodeAlarm(alarm: { event: { sensor: string } }): boolean {
  return alarm.event.sensor === "node";
}

/** Whether it tells of a promise that is being broken, not of a value: its `value` is the share that was kept. */
export function isPromiseAlarm({ rule }: { rule: string }): boolean {
  return rule.startsWith("slo-");
}

/** The worst standing alarm of each stream. */
export function worstByStream(standing: Iterable<AlarmView>): ReadonlyMap<string, AlarmView> {
  const worst = new Map<string, AlarmView>();
  for (const alarm of standing) {
    const stream = alarmStream(alarm);
    const other = worst.get(stream);
    if (other === undefined || RANK[alarm.event.severity] < RANK[other.event.severity])
      worst.set(stream, alarm);
  }
  return worst;
}

/** What a chart marks: a raise or a clear at its time. */
export interface EventMark {
  t: number;
  state: "raised" | "cleared";
  severity: Severity;
  rule: string;
}

/**
 * Every raise and clear of a stream, in order of time. A history entry of the server is either an event of
 * its own or a raise that has ended (`endedAt`); both are understood, and none is told twice, neither by what
 * the historian knows of the `past`.
 */
export function marksOf(book: AlarmBook, stream: string, past: readonly HistoryEvent[] = []): EventMark[] {
  const marks = new Map<string, EventMark>();
  const add = (alarm: AlarmView, t: number, state: EventMark["state"]): void => {
    const { rule, severity } = alarm.event;
    marks.set(`${rule} ${state} ${t}`, { t, state, severity, rule });
  };
  const tell = (alarm: AlarmView): void => {
    if (alarmStream(alarm) !== stream) return;
    if (alarm.event.state === "raised") {
      add(alarm, alarm.event.timestamp, "raised");
      if (alarm.endedAt !== undefined) add(alarm, alarm.endedAt, "cleared");
    } else add(alarm, alarm.event.timestamp, "cleared");
  };
  for (const alarm of book.history) tell(alarm);
  for (const alarm of book.standing.values()) tell(alarm);
  // The historian has taken the node's clock error out of the time; the event's own time names it.
  for (const { event, at } of past) {
    const { rule, state, severity, timestamp } = event;
    marks.set(`${rule} ${state} ${timestamp}`, { t: at, state, severity, rule });
  }
  return [...marks.values()].sort((a, b) => a.t - b.t);
}
