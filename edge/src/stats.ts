import type {
  LostRange,
  SensorAccount,
  SensorState,
  SensorStats,
  SeqRange,
  Stats,
} from "@fieldmesh/protocol";
import type { NodeLog } from "./log/log.js";
import { type BootState, StreamState } from "./log/state.js";

/** How a sensor's worker is. */
export interface SensorHealth {
  state: SensorState;
  restarts: number;
  reason?: string;
}

/** Ranges told of for one stream; beyond it the nearest are told as one, so that stats stay a message. */
const MAX_RANGES = 200;

/** Accounts told of earlier boots: some 110 bytes each, a quarter of what a consumer takes. */
const MAX_ACCOUNTS = 2_000;

/**
 * What became of every reading, from the log's accounts. `read` is told as what was given and what was
 * suppressed, which is how it is counted: the two can never differ.
 */
export function composeStats(
  log: NodeLog,
  boot: number,
  health: ReadonlyMap<string, SensorHealth>,
  now: number,
): Stats {
  const kept = log.keptFrom();
  const boots = log.boots();
  const present = boots.find((state) => state.boot === boot);
  const sensors: Record<string, SensorStats> = {};
  for (const [sensor, { state, restarts, reason }] of health) {
    const stream = present?.readings.get(sensor) ?? new StreamState();
    sensors[sensor] = { ...accountOf(stream, kept.get(`${boot}/${sensor}`)), bad: stream.bad, state };
    if (restarts > 0) sensors[sensor].restarts = restarts;
    if (reason !== undefined) sensors[sensor].reason = reason.slice(0, 200);
  }
  const { bytes, ageMs } = log.size();
  return {
    boot,
    timestamp: now,
    sensors,
    log: { bytes, oldest: ageMs === null ? null : now - ageMs },
    previous: previousBoots(boots, boot, kept),
  };
}

/** The earlier boots, oldest first; of very many only the newest, as stats are one message. */
function previousBoots(boots: BootState[], boot: number, kept: Map<string, number>): Stats["previous"] {
  const earlier = boots.filter((state) => state.boot < boot && state.readings.size > 0);
  let accounts = 0;
  const from = earlier.findLastIndex((state) => {
    accounts += state.readings.size;
    return accounts > MAX_ACCOUNTS;
  });
  return earlier.slice(from + 1).map((state) => previousBoot(state, kept));
}

function previousBoot(state: BootState, kept: Map<string, number>): Stats["previous"][number] {
  const sensors: Record<string, SensorAccount> = {};
  for (const [sensor, stream] of state.readings) {
    sensors[sensor] = accountOf(stream, kept.get(`${state.boot}/${sensor}`));
  }
  return { boot: state.boot, sensors };
}

function accountOf(stream: StreamState, keptFrom: number | undefined): SensorAccount {
  return {
    read: stream.suppressed + stream.lastSeq,
    suppressed: stream.suppressed,
    lastSeq: stream.lastSeq,
    dropped: fewer(
      stream.lost(),
      (a, b) => a[2] === b[2],
      (a, b): LostRange => [a[0], b[1], a[2]],
    ),
    held: fewer(
      stream.held.ranges(),
      () => true,
      (a, b): SeqRange => [a[0], b[1]],
    ),
    keptFrom: keptFrom ?? stream.lastSeq + 1,
  };
}

/** Joins neighbours with the smallest gaps until there are few enough. */
function fewer<R extends SeqRange | LostRange>(
  ranges: R[],
  joinable: (a: R, b: R) => boolean,
  join: (a: R, b: R) => R,
): R[] {
  if (ranges.length <= MAX_RANGES) return ranges;
  const gaps = ranges.slice(1).map((range, i) => range[0] - (ranges[i]?.[1] ?? 0));
  const widest = gaps.toSorted((a, b) => b - a)[MAX_RANGES - 1] ?? 0;
  const joined: R[] = [];
  for (const range of ranges) {
    const last = joined.at(-1);
    if (last !== undefined && range[0] - last[1] <= widest && joinable(last, range)) {
      joined[joined.length - 1] = join(last, range);
    } else joined.push(range);
  }
  return joined;
}
