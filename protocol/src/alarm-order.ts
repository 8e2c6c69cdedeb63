import type { Ack, AlarmEvent, Status } from "./messages.js";

/**
 * Whether an event takes the place of the one held as an alarm's present state: only when its (`boot`,`seq`) is
 * above. A standing alarm published again after a reconnect has those of its raise and changes nothing.
 */
export function supersedes(
  held: Pick<AlarmEvent, "boot" | "seq"> | undefined,
  event: Pick<AlarmEvent, "boot" | "seq">,
): boolean {
  if (held === undefined) return true;
  return event.boot > held.boot || (event.boot === held.boot && event.seq > held.seq);
}

/** An acknowledgement holds for exactly the raise that it names. */
export function ackHolds(ack: Ack | undefined, event: AlarmEvent): boolean {
  return ack !== undefined && event.state === "raised" && ack.boot === event.boot && ack.seq === event.seq;
}

/**
 * Order of two statuses of a node by (`boot`,`conn`): negative when `a` is the older. One below the last seen is
 * stale (the will of a connection that has been replaced) and ignored.
 */
export function compareStatus(a: Pick<Status, "boot" | "conn">, b: Pick<Status, "boot" | "conn">): number {
  return a.boot - b.boot || a.conn - b.conn;
}
