import type { Clock } from "../clock.js";
import type { ItemKind } from "./entry.js";
import type { RetentionLimits } from "./retention.js";

export interface LogLimits extends RetentionLimits {
  /** Written at least this often, ms: what a kill of the node can lose. */
  writeEveryMs: number;
  /** Flushed to the medium at most this often, ms: what a loss of power can lose. */
  flushEveryMs: number;
  /** What may wait in memory while the disk refuses. Beyond it readings are dropped, cause "disk". */
  memoryBytes: number;
}

export const DEFAULT_LOG_LIMITS: LogLimits = {
  heldBytes: 256 * 1024 * 1024,
  heldMs: 7 * 24 * 3_600_000,
  replayBytes: 16 * 1024 * 1024,
  replayMs: 15 * 60_000,
  writeEveryMs: 500,
  flushEveryMs: 1_000,
  memoryBytes: 8 * 1024 * 1024,
};

/** Held items that are gone for good. */
export interface Dropped {
  kind: ItemKind;
  key: string;
  boot: number;
  from: number;
  to: number;
  cause: string;
}

/** What the node hears of its log. */
export interface LogObserver {
  onDropped(dropped: Dropped): void;
  /** The disk refused; the log goes on in memory. Called when that begins, not for each try. */
  onDiskError(error: Error): void;
  /** The disk takes again what it is given. */
  onDiskRecovered(): void;
}

export interface OpenLogOptions {
  folder: string;
  limits?: Partial<LogLimits>;
  clock: Clock;
  observer: LogObserver;
}
