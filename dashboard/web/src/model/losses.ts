import type { LossEntry, LossExplanation } from "@fieldmesh/protocol";
import { durationText, timeText } from "./times.js";

/** How bad a gap is, for its colour: `mended` what came after all, `waiting` what may, `quiet` what nobody read. */
export type LossTone = "mended" | "waiting" | "lost" | "quiet";

const TONE: Record<LossExplanation, LossTone> = {
  late: "mended",
  recovered: "mended",
  held: "waiting",
  dropped: "lost",
  unknown: "lost",
  "node-down": "quiet",
};

/** Of a node that cannot be reached nothing is lost yet. */
export function lossTone({ explanation, count }: Pick<LossEntry, "explanation" | "count">): LossTone {
  return explanation === "unknown" && count === 0 ? "waiting" : TONE[explanation];
}

const WHAT: Record<LossExplanation, string> = {
  late: "came late",
  recovered: "lost on the way, sent again",
  held: "wait at the node",
  dropped: "dropped by the node",
  unknown: "missing",
  "node-down": "node down",
};

const whole = new Intl.NumberFormat();

/** What became of a gap's readings in a phrase: `61 readings came late (broker unreachable)`. */
export function lossText(entry: LossEntry): string {
  const { count, explanation, cause } = entry;
  const because = cause === undefined ? "" : ` (${cause.replaceAll("-", " ")})`;
  if (explanation === "node-down") return `Node down${because}`;
  // Of a node that is away nobody knows yet how many they are.
  if (count === 0) return "Node cannot be reached";
  return `${whole.format(count)} ${count === 1 ? "reading" : "readings"} ${WHAT[explanation]}${because}`;
}

/** From when to when, and how long: `13:02:10–13:03:11, 1 min 1 s`. */
export function lossTimeText({ fromAt, toAt }: LossEntry, now: number): string {
  if (toAt === null) return `since ${timeText(fromAt, now)}`;
  return `${timeText(fromAt, now)}–${timeText(toAt, now)}, ${durationText(toAt - fromAt)}`;
}

/** Gaps that touch a range, the oldest first. */
export function lossesIn(losses: readonly LossEntry[], from: number, to: number): LossEntry[] {
  return losses
    .filter((loss) => loss.fromAt <= to && (loss.toAt ?? Number.POSITIVE_INFINITY) >= from)
    .sort((a, b) => a.fromAt - b.fromAt);
}
