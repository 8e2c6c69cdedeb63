import { mkdir, readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { HEADER_BYTES } from "./record.js";
import { loadSegment, type Segment } from "./segment.js";
import { LogState } from "./state.js";

/** What was found when the log was opened. */
export interface RecoveryReport {
  segments: number;
  bytes: number;
  /** Bytes behind the last whole record of a segment: written when the node was killed or the power went. */
  tornBytes: number;
  /** Files without a readable header; they are left where they are. */
  unreadable: string[];
  /** Readings and events that the accounts know of and no segment holds any more. */
  lost: number;
  ms: number;
}

export interface Recovered {
  state: LogState;
  segments: Segment[];
  nextNumber: number;
  /** Log time and wall clock of the newest record, ms; 0 in a new log. */
  logTime: number;
  wall: number;
  report: RecoveryReport;
}

const SEGMENT_NAME = /^(\d{10})\.log$/;

export function segmentPath(folder: string, number: number): string {
  return join(folder, `${String(number).padStart(10, "0")}.log`);
}

/** Held, but in no segment: it stood in what was torn off, or in a damaged part of a file. */
export const TORN = "torn";

/**
 * Reads all segments of a folder in order. The state is that of the newest snapshot and of what follows it. What
 * is held but cannot be found any more is named as dropped, so that the accounts stay true.
 * @throws FormatVersionError for a segment of a later format version.
 */
export async function recover(folder: string): Promise<Recovered> {
  const started = performance.now();
  await mkdir(folder, { recursive: true });
  const state = new LogState();
  const segments: Segment[] = [];
  const report: RecoveryReport = { segments: 0, bytes: 0, tornBytes: 0, unreadable: [], lost: 0, ms: 0 };
  let nextNumber = 1;
  let logTime = 0;
  let wall = 0;

  for (const name of (await readdir(folder)).sort()) {
    if (name.endsWith(".tmp")) await rm(join(folder, name), { force: true }); // a rewrite that did not end
    const match = SEGMENT_NAME.exec(name);
    if (match === null) continue;
    const number = Number(match[1]);
    nextNumber = Math.max(nextNumber, number + 1);
    const loaded = await loadSegment(join(folder, name), number, (entry) => {
      if (entry.kind === "snapshot") {
        state.restore(entry.state);
        logTime = Math.max(logTime, entry.state.logTime);
        wall = entry.state.wall;
      } else if (entry.kind === "commit") {
        state.commit(entry.commit);
        [, wall] = entry.commit.clock;
        logTime = Math.max(logTime, entry.commit.clock[0]);
      } else if (entry.kind !== "other") {
        state.given(entry, logTime);
      }
    });
    if (loaded === null) {
      const { size } = await stat(join(folder, name));
      if (size < HEADER_BYTES)
        await rm(join(folder, name)); // killed as it was begun
      else report.unreadable.push(name);
      continue;
    }
    segments.push(loaded.segment);
    report.bytes += loaded.segment.bytes;
    report.tornBytes += loaded.tornBytes;
  }
  report.segments = segments.length;
  report.lost = nameLost(state, segments);
  report.ms = Math.round(performance.now() - started);
  return { state, segments, nextNumber, logTime, wall, report };
}

function nameLost(state: LogState, segments: Segment[]): number {
  let lost = 0;
  for (const boot of state.boots.values()) {
    for (const [kind, streams] of [
      ["reading", boot.readings],
      ["event", boot.events],
    ] as const) {
      for (const [key, stream] of streams) {
        if (stream.held.count === 0) continue;
        const missing = stream.held.clip(1, stream.lastSeq);
        for (const segment of segments) {
          const span = segment.span(kind, key, boot.boot);
          if (span !== undefined) missing.remove(span.from, span.to);
        }
        lost += missing.count;
        for (const [from, to] of missing.ranges()) stream.drop(from, to, TORN);
      }
    }
  }
  return lost;
}
