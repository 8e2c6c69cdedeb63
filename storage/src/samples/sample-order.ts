/** What orders the samples of a stream. No two of one stream have the same. */
export interface SamplePosition {
  readonly at: number;
  readonly boot: number;
  readonly seq: number;
}

/** By `at`, then `boot`, then `seq`. */
export function comparePositions(a: SamplePosition, b: SamplePosition): number {
  return a.at - b.at || a.boot - b.boot || a.seq - b.seq;
}
