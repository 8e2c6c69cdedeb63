import { mkdir, readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Entry } from "./entry.js";
import { HEADER_BYTES } from "./record.js";
import { loadSealed, loadSegment, type Segment } from "./segment.js";
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
 * Opens the segments of a folder. The state is that of the newest snapshot and of what follows it; segments before
 * it are not read through when they end with an index. What is held but cannot be found any more is named as
 * dropped, so that the accounts stay true.
 * @throws FormatVersionError for a segment of a later format version.
 */
export async function recover(folder: string): Promise<Recovered> {
  const started = performance.now();
  await mkdir(folder, { recursive: true });
  const report: RecoveryReport = { segments: 0, bytes: 0, tornBytes: 0, unreadable: [], lost: 0, ms: 0 };
  const numbers = await listSegments(folder);
  const segments: Segment[] = [];
  const entries: Entry[][] = [];
  let wantsState = true;
  // From the newest back: as soon as there is a snapshot, what is older only needs its index.
  for (const number of numbers.toReversed()) {
    const path = segmentPath(folder, number);
    if (!wantsState) {
      const sealed = await loadSealed(path, number);
      if (sealed !== null) {
        segments.unshift(sealed);
        report.bytes += sealed.bytes;
        continue;
      }
    }
    const found: Entry[] = [];
    const loaded = await loadSegment(path, number, (entry) => {
      if (wantsState && entry.kind !== "other") found.push(entry);
    });
    if (loaded === null) {
      const { size } = await stat(path);
      if (size < HEADER_BYTES)
        await rm(path); // killed as it was begun
      else report.unreadable.push(path);
      continue;
    }
    segments.unshift(loaded.segment);
    entries.unshift(found);
    if (found.some((entry) => entry.kind === "snapshot")) wantsState = false;
    report.bytes += loaded.segment.bytes;
    report.tornBytes += loaded.tornBytes;
  }
  const { state, logTime, wall } = replay(entries.flat());
  report.segments = segments.length;
  report.lost = nameLost(state, segments);
  report.ms = Math.round(performance.now() - started);
  return { state, segments, nextNumber: (numbers.at(-1) ?? 0) + 1, logTime, wall, report };
}

async function listSegments(folder: string): Promise<number[]> {
  const numbers: number[] = [];
  for (const name of await readdir(folder)) {
    if (name.endsWith(".tmp")) await rm(join(folder, name), { force: true }); // a rewrite that did not end
    const match = SEGMENT_NAME.exec(name);
    if (match !== null) numbers.push(Number(match[1]));
  }
  return numbers.sort((a, b) => a - b);
}

function replay(entries: readonly Entry[]): { state: LogState; logTime: number; wall: number } {
  const state = new LogState();
  let logTime = 0;
  let wall = 0;
  for (const entry of entries) {
    if (entry.kind === "snapshot") {
      state.restore(entry.state);
      logTime = Math.max(logTime, entry.state.logTime);
      wall = entry.state.wall;
    } else if (entry.kind === "commit") {
      state.commit(entry.commit);
      logTime = Math.max(logTime, entry.commit.clock[0]);
      [, wall] = entry.commit.clock;
    } else if (entry.kind !== "other") state.given(entry, logTime);
  }
  return { state, logTime, wall };
}

/** Drops what is held and in no segment; answers how many items that were. */
export function nameLost(state: LogState, segments: Segment[]): number {
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
