import type { LossEntry } from "@fieldmesh/protocol";
import { describe, expect, it } from "vitest";
import { lossesIn, lossText } from "./losses.js";

const entry = (more: Partial<LossEntry>): LossEntry => ({
  id: "1",
  stream: "env_a_b",
  boot: 1,
  from: 1,
  to: 61,
  count: 61,
  fromAt: 1_000,
  toAt: 2_000,
  explanation: "late",
  open: false,
  ...more,
});

describe("a gap in words", () => {
  it.each([
    [{ cause: "broker-unreachable" }, "61 readings came late (broker unreachable)"],
    [{ count: 1, explanation: "dropped", cause: "full" }, "1 reading dropped by the node (full)"],
    [{ explanation: "recovered" }, "61 readings lost on the way, sent again"],
    [{ explanation: "unknown" }, "61 readings missing"],
    [{ explanation: "unknown", cause: "node-unreachable", count: 0 }, "Node cannot be reached"],
    [{ explanation: "held" }, "61 readings wait at the node"],
    [{ explanation: "node-down", count: 0, from: 0, to: 0 }, "Node down"],
  ] satisfies [Partial<LossEntry>, string][])("%j: %s", (more, text) => {
    expect(lossText(entry(more))).toBe(text);
  });
});

it("finds the gaps that touch a range, also one that goes on, the oldest first", () => {
  const ids = (from: number, to: number): string[] =>
    lossesIn(
      [
        entry({ id: "open", fromAt: 5_000, toAt: null }),
        entry({ id: "late", fromAt: 1_000, toAt: 2_000 }),
        entry({ id: "early", fromAt: 0, toAt: 900 }),
      ],
      from,
      to,
    ).map(({ id }) => id);
  expect(ids(0, 10_000)).toEqual(["early", "late", "open"]);
  expect(ids(2_000, 4_000)).toEqual(["late"]);
  expect(ids(900_000, 1_000_000)).toEqual(["open"]);
});
