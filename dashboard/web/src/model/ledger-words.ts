import type { LossEntry, LossExplanation } from "@fieldmesh/protocol";
import { rangeText, timeText } from "./times.js";

const whole = new Intl.NumberFormat();

type Words = Record<"open" | "over", string>;
const always = (text: string): Words => ({ open: text, over: text });

/** Why, by explanation and cause, as docs/quality.md lists them; `open` while an entry goes on. */
const WHY: Record<LossExplanation, Readonly<Record<string, Words>>> = {
  late: {
    "broker-unreachable": always("the node could not reach the broker"),
    "broker-slow": always("the node could not send as fast as it read"),
  },
  recovered: {
    "lost-at-broker": always("lost at the broker and sent again"),
    "historian-away": always("missed while the historian was away and sent again"),
  },
  dropped: {
    full: always("the node's log was full"),
    expired: always("they were older than the node keeps them"),
    disk: always("the node's disk took no more"),
    torn: always("the node's file was damaged where they stood"),
    killed: always("the node was killed before it had written them"),
    "historian-full": always("the historian could neither store nor hold them"),
    overflow: always("there were more gaps than the ledger keeps apart"),
  },
  held: {},
  unknown: {
    "node-unreachable": { open: "the node cannot be reached", over: "the node could not be reached" },
  },
  "node-down": {
    stopped: {
      open: "the node is stopped, nothing is read",
      over: "the node was stopped, nothing was read",
    },
    killed: {
      open: "the node ended unexpectedly, nothing is read",
      over: "the node had ended unexpectedly, nothing was read",
    },
  },
};

/** What became of readings, where the reason stands behind it. */
const WHAT: Record<Exclude<LossExplanation, "node-down">, string> = {
  late: "late",
  recovered: "not on time",
  dropped: "lost for good",
  held: "waiting at the node",
  unknown: "missing",
};

/** From when to when: `13:02:10–13:03:11`, `13:02:10`, `since 13:02:10`. */
export function whenText({ fromAt, toAt }: Pick<LossEntry, "fromAt" | "toAt">, now: number): string {
  if (toAt === null) return `since ${timeText(fromAt, now)}`;
  const from = timeText(fromAt, now);
  return from === timeText(toAt, now) ? from : rangeText({ from: fromAt, to: toAt }, now).replace(" – ", "–");
}

/**
 * What happened, why, and what became of it:
 * `61 readings late, the node could not reach the broker; all came at 13:03:12–13:03:20`.
 */
export function ledgerText(entry: LossEntry, now: number): string {
  const { count, explanation, toAt, open } = entry;
  const why = whyText(entry);
  if (explanation === "node-down" || count === 0) {
    if (why !== undefined) return why;
    return toAt === null
      ? "the node is not running, nothing is read"
      : "the node was not running, nothing was read";
  }
  const otherwise = {
    held: "sent when the broker can be reached",
    unknown: open ? "asked for" : "nobody can tell why",
  };
  const because =
    why ?? (explanation === "held" || explanation === "unknown" ? otherwise[explanation] : undefined);
  const told = [`${readings(count)} ${WHAT[explanation]}`, because].filter(Boolean).join(", ");
  return [told, cameText(entry, now)].filter(Boolean).join("; ");
}

function whyText({ cause, explanation, toAt, count }: LossEntry): string | undefined {
  if (cause === undefined) return undefined;
  const words = WHY[explanation][cause];
  // A cause that is newer than this page is told as it came.
  if (words === undefined) return cause.replaceAll("-", " ");
  const text = words[toAt === null ? "open" : "over"];
  return count === 1 ? text.replace("they were", "it was").replace("them", "it").replace("they", "it") : text;
}

/** When they came after all; undefined of those that did not. */
function cameText({ came, count, explanation }: LossEntry, now: number): string | undefined {
  if (explanation !== "late" && explanation !== "recovered") return undefined;
  const all = count === 1 ? "it" : "all";
  if (came === undefined) return `${all} came`;
  return `${all} came at ${whenText({ fromAt: came[0], toAt: came[1] }, now)}`;
}

function readings(count: number): string {
  return `${whole.format(count)} ${count === 1 ? "reading" : "readings"}`;
}
