import { DROP_CAUSES, type DropCause } from "./drops.js";

/** Plain numbers that the paths of messages add to; `$SYS` reads them. */
export class Counters {
  bytesReceived = 0;
  bytesSent = 0;
  /** Control packets of every type. */
  packetsReceived = 0;
  packetsSent = 0;
  /** PUBLISH packets only. */
  publishReceived = 0;
  publishSent = 0;
  publishBytesReceived = 0;
  publishBytesSent = 0;
  connectionsOpened = 0;
  socketsOpened = 0;
  /** Persistent sessions that were ended because their clients stayed away. */
  sessionsExpired = 0;
  readonly drops: Record<DropCause, number> = Object.fromEntries(
    DROP_CAUSES.map((cause) => [cause, 0]),
  ) as Record<DropCause, number>;

  drop(cause: DropCause, count = 1): void {
    this.drops[cause] += count;
  }

  /** Messages that somebody who should have had them did not get. */
  get messagesDropped(): number {
    const { drops } = this;
    const fromSessions = drops["session-queue"] + drops["session-expired"];
    return drops["slow-reader"] + drops["reader-disconnected"] + fromSessions;
  }
}
