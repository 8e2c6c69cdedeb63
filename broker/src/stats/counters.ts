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
  readonly drops: Record<DropCause, number> = Object.fromEntries(
    DROP_CAUSES.map((cause) => [cause, 0]),
  ) as Record<DropCause, number>;

  drop(cause: DropCause, count = 1): void {
    this.drops[cause] += count;
  }

  /** Messages that somebody who should have had them did not get. */
  get messagesDropped(): number {
    return this.drops["slow-reader"] + this.drops["reader-disconnected"] + this.drops["session-queue"];
  }
}
