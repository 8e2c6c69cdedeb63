import type { LossEntry } from "@fieldmesh/protocol";
import { describe, expect, it } from "vitest";
import { ledgerText, whenText } from "./ledger-words.js";
import { timeText } from "./times.js";

const at = (time: string): number => new Date(`2026-11-21T${time}`).getTime();
const NOW = at("14:00:00");

const entry = (more: Partial<LossEntry>): LossEntry => ({
  id: "1",
  stream: "env_a_b",
  boot: 1,
  from: 1,
  to: 61,
  count: 61,
  fromAt: at("13:02:10"),
  toAt: at("13:03:11"),
  explanation: "late",
  open: false,
  ...more,
});
const came: LossEntry["came"] = [at("13:03:12"), at("13:03:20")];
const late = { explanation: "late", came } as const;
const recovered = { explanation: "recovered", came } as const;
const away = { count: 0, from: 0, to: 0 };
const goesOn = { toAt: null, open: true };

// Every explanation with every cause that docs/quality.md lists.
const SENTENCES: [Partial<LossEntry>, string][] = [
  [
    { ...late, cause: "broker-unreachable" },
    `61 readings late, the node could not reach the broker; all came at ${whenText({ fromAt: came[0], toAt: came[1] }, NOW)}`,
  ],
  [
    { ...late, cause: "broker-slow", count: 1, came: [came[0], came[0] + 5] },
    `1 reading late, the node could not send as fast as it read; it came at ${timeText(came[0], NOW)}`,
  ],
  [{ explanation: "late" }, "61 readings late; all came"],
  [
    { explanation: "recovered", cause: "lost-at-broker" },
    "61 readings not on time, lost at the broker and sent again; all came",
  ],
  [
    { ...recovered, cause: "historian-away", count: 1, came: [came[0], came[0]] },
    `1 reading not on time, missed while the historian was away and sent again; it came at ${timeText(came[0], NOW)}`,
  ],
  [{ explanation: "dropped", cause: "full" }, "61 readings lost for good, the node's log was full"],
  [
    { explanation: "dropped", cause: "expired" },
    "61 readings lost for good, they were older than the node keeps them",
  ],
  [
    { explanation: "dropped", cause: "expired", count: 1 },
    "1 reading lost for good, it was older than the node keeps it",
  ],
  [{ explanation: "dropped", cause: "disk" }, "61 readings lost for good, the node's disk took no more"],
  [
    { explanation: "dropped", cause: "torn", count: 1 },
    "1 reading lost for good, the node's file was damaged where it stood",
  ],
  [
    { explanation: "dropped", cause: "killed" },
    "61 readings lost for good, the node was killed before it had written them",
  ],
  [
    { explanation: "dropped", cause: "historian-full", count: 1 },
    "1 reading lost for good, the historian could neither store nor hold it",
  ],
  [
    { explanation: "dropped", cause: "overflow" },
    "61 readings lost for good, there were more gaps than the ledger keeps apart",
  ],
  [{ explanation: "dropped" }, "61 readings lost for good"],
  [
    { explanation: "held", open: true },
    "61 readings waiting at the node, sent when the broker can be reached",
  ],
  [
    { explanation: "held", count: 1, open: true },
    "1 reading waiting at the node, sent when the broker can be reached",
  ],
  [{ explanation: "unknown", open: true }, "61 readings missing, asked for"],
  [
    { explanation: "unknown", count: 12_000 },
    `${(12_000).toLocaleString()} readings missing, nobody can tell why`,
  ],
  [{ ...away, explanation: "unknown", cause: "node-unreachable", ...goesOn }, "the node cannot be reached"],
  [{ ...away, explanation: "unknown", cause: "node-unreachable" }, "the node could not be reached"],
  [
    { ...away, explanation: "node-down", cause: "stopped", ...goesOn },
    "the node is stopped, nothing is read",
  ],
  [{ ...away, explanation: "node-down", cause: "stopped" }, "the node was stopped, nothing was read"],
  [
    { ...away, explanation: "node-down", cause: "killed", ...goesOn },
    "the node ended unexpectedly, nothing is read",
  ],
  [
    { ...away, explanation: "node-down", cause: "killed" },
    "the node had ended unexpectedly, nothing was read",
  ],
  [{ ...away, explanation: "node-down", ...goesOn }, "the node is not running, nothing is read"],
  [{ ...away, explanation: "node-down" }, "the node was not running, nothing was read"],
  [{ explanation: "dropped", cause: "eaten-by-mice" }, "61 readings lost for good, eaten by mice"],
];

it.each(SENTENCES)("%j: %s", (more, sentence) => {
  expect(ledgerText(entry(more), NOW)).toBe(sentence);
});

describe("when it was", () => {
  const [from, to] = [timeText(at("13:02:10"), NOW), timeText(at("13:03:11"), NOW)];
  it.each([
    [{}, `${from}–${to}`],
    [{ toAt: at("13:02:10") + 400 }, from],
    [{ toAt: null }, `since ${from}`],
  ])("%j: %s", (more, text) => {
    expect(whenText(entry(more), NOW)).toBe(text);
  });
});
