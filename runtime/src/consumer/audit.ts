import { type LedgerTerms, type Stream, streamName } from "@fieldmesh/protocol";

/** The identity of one sensor and boot, as a consumer sees it. */
export interface AuditRow extends LedgerTerms, Stream {
  /** `{domain}_{node}_{sensor}`. */
  stream: string;
  /** The newest boot of the stream: its terms still move. */
  current: boolean;
  /**
   * Both halves hold: the node's `read = suppressed + reportedSeq`, and nothing is unknown of
   * `lastSeq - countedFrom + 1 = stored + dropped + held + unknown`. False until the node has given an account.
   */
  ok: boolean;
}

/**
 * Checks the identity for every sensor and boot: rows in order of stream, newest boot first. Pure: it reads the
 * terms that a consumer's ledgers tell and changes nothing.
 */
export function auditRows(streams: Iterable<{ stream: Stream; terms: readonly LedgerTerms[] }>): AuditRow[] {
  const rows: AuditRow[] = [];
  for (const { stream, terms } of streams) {
    const newest = Math.max(...terms.map(({ boot }) => boot));
    for (const term of terms) {
      const sum = term.stored + term.dropped + term.held + term.unknown;
      const addsUp = sum === term.lastSeq - term.countedFrom + 1;
      const nodeAddsUp = term.read === term.suppressed + term.reportedSeq;
      rows.push({
        ...stream,
        ...term,
        stream: streamName(stream),
        current: term.boot === newest,
        ok: term.accounted && nodeAddsUp && addsUp && term.unknown === 0,
      });
    }
  }
  return rows.sort((a, b) => compare(a.stream, b.stream) || b.boot - a.boot);
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
