import { open, rename } from "node:fs/promises";
import { decodeEntry, EVENT, eventItem } from "./entry.js";
import { encodeHeader, encodeRecord, HEADER_BYTES, RECORD_HEAD_BYTES } from "./record.js";
import { hasOnlyEvents, holds } from "./retention.js";
import { type Segment, scanRecords } from "./segment.js";
import type { LogState } from "./state.js";

/** So many files of nothing but held events become one: more at once is less writing, less is fewer files. */
const MERGE_FILES = 8;
/** Only within an eighth of the time that events are held: merged, none outlives its time by more than that. */
const MERGE_SPANS = 8;

/**
 * Segments next to each other that hold only events and can be one, oldest first; empty when there are too few.
 * Without it an outage of weeks in which alarms flap would leave a small file for each segment that was given up.
 */
export function planMerge(
  state: LogState,
  segments: readonly Segment[],
  heldMs: number,
  maxBytes: number,
): Segment[] {
  let group: Segment[] = [];
  let bytes = 0;
  for (const segment of segments.slice(0, -1)) {
    const [first] = group;
    const together = first === undefined || segment.startedAt - first.startedAt < heldMs / MERGE_SPANS;
    const fits = together && bytes + segment.bytes <= maxBytes;
    const isSmall = hasOnlyEvents(segment) && holds(state, segment) && segment.bytes <= maxBytes / 2;
    if (!(isSmall && fits)) {
      group = [];
      bytes = 0;
    }
    if (!isSmall) continue;
    group.push(segment);
    bytes += segment.bytes;
    if (group.length === MERGE_FILES) return group;
  }
  return [];
}

/**
 * Rewrites segments, oldest first, so that only their held events are left, in their order, all in the last of
 * them: under another name first, then over the old one, so that a kill leaves either the old file or the new. The
 * others are then to be removed; a kill before that leaves events twice, which the next merge puts right.
 */
export async function compactSegments(state: LogState, segments: readonly Segment[]): Promise<void> {
  const target = segments.at(-1);
  if (target === undefined) return;
  const records = new Map<string, Buffer>();
  for (const segment of segments) await collect(state, segment, records);
  const temporary = `${target.path}.tmp`;
  const file = await open(temporary, "w");
  try {
    await file.writeFile(Buffer.concat([encodeHeader(target.startedAt), ...records.values()]));
    await file.datasync();
  } finally {
    await file.close();
  }
  await rename(temporary, target.path);
  target.generation += 1;
  target.spans.clear();
  target.bytes = HEADER_BYTES;
  for (const record of records.values()) {
    const entry = decodeEntry(EVENT, record.subarray(RECORD_HEAD_BYTES));
    if (entry.kind === "event") target.note(eventItem(entry.event), target.bytes, record.length);
    target.bytes += record.length;
  }
}

async function collect(state: LogState, segment: Segment, into: Map<string, Buffer>): Promise<void> {
  const source = await open(segment.path, "r");
  try {
    for await (const scanned of scanRecords(source, HEADER_BYTES, segment.bytes)) {
      for (const { kind, body } of scanned) {
        if (kind !== EVENT) continue;
        const entry = decodeEntry(kind, body);
        if (entry.kind !== "event") continue;
        if (state.find("event", entry.key, entry.boot)?.held.has(entry.seq) !== true) continue;
        into.set(`${entry.boot}/${entry.key}/${entry.seq}`, encodeRecord(EVENT, body));
      }
    }
  } finally {
    await source.close();
  }
}
