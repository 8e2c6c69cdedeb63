import type { AuditRow } from "@fieldmesh/runtime";

/** What an audit says of all streams at one moment. */
export interface Verdict {
  /** There is at least one row, and the identity holds in each. */
  ok: boolean;
  rows: number;
  /** Rows in which it does not hold. */
  failing: AuditRow[];
  unknown: number;
  held: number;
  dropped: number;
  stored: number;
}

export function judge(rows: readonly AuditRow[]): Verdict {
  const failing = rows.filter((row) => !row.ok);
  const sum = (of: (row: AuditRow) => number): number => rows.reduce((total, row) => total + of(row), 0);
  return {
    ok: rows.length > 0 && failing.length === 0,
    rows: rows.length,
    failing,
    unknown: sum((row) => row.unknown),
    held: sum((row) => row.held),
    dropped: sum((row) => row.dropped),
    stored: sum((row) => row.stored),
  };
}

const HEAD = [
  "STREAM",
  "BOOT",
  "READ",
  "SUPPRESSED",
  "LAST",
  "FROM",
  "STORED",
  "DROPPED",
  "HELD",
  "UNKNOWN",
  "TWICE",
  "",
];

/**
 * The terms as a table: `LAST - FROM + 1 = STORED + DROPPED + HELD + UNKNOWN`, and `READ = SUPPRESSED + LAST`.
 * A node tells its account every 10 s: what it gave numbers to since then, it has read as well. An account that does
 * not add up shows by as much as it is off.
 */
export function auditTable(rows: readonly AuditRow[]): string[][] {
  return [
    HEAD,
    ...rows.map((row) => [
      row.stream,
      String(row.boot),
      String(row.read + row.lastSeq - row.reportedSeq),
      String(row.suppressed),
      String(row.lastSeq),
      String(row.countedFrom),
      String(row.stored),
      String(row.dropped),
      String(row.held),
      String(row.unknown),
      String(row.duplicates),
      row.ok ? "ok" : row.accounted ? "DOES NOT HOLD" : "no account yet",
    ]),
  ];
}
