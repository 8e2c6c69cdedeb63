import type { AuditRow } from "@fieldmesh/runtime";
import { describe, expect, it } from "vitest";
import { auditTable, judge } from "./verdict.js";

const row: AuditRow = {
  domain: "env",
  node: "barn",
  sensor: "temperature",
  stream: "env_barn_temperature",
  boot: 7,
  current: true,
  accounted: true,
  ok: true,
  countedFrom: 1,
  read: 12,
  suppressed: 2,
  reportedSeq: 10,
  lastSeq: 10,
  stored: 7,
  duplicates: 1,
  outOfOrder: 0,
  dropped: 2,
  droppedBy: { full: 2 },
  held: 1,
  unknown: 0,
};

describe("the verdict of an audit", () => {
  it("sums the terms, and holds when every row does", () => {
    expect(judge([row, { ...row, sensor: "humidity" }])).toEqual({
      ok: true,
      rows: 2,
      failing: [],
      stored: 14,
      dropped: 4,
      held: 2,
      unknown: 0,
    });
  });

  it("does not hold when one row does not, or when there is none", () => {
    const bad = { ...row, ok: false, unknown: 3 };
    expect(judge([row, bad])).toMatchObject({ ok: false, failing: [bad], unknown: 3 });
    expect(judge([]).ok).toBe(false);
  });

  it("is shown with a word a row", () => {
    const [head, ...rows] = auditTable([row, { ...row, ok: false }, { ...row, ok: false, accounted: false }]);
    expect(rows.every((cells) => cells.length === head?.length)).toBe(true);
    expect(rows.map((cells) => cells.at(-1))).toEqual(["ok", "DOES NOT HOLD", "no account yet"]);
  });

  it.each([
    ["adds up", 12, "16"],
    ["is off by one", 13, "17"],
  ])("shows how often was read by now, when the account of seconds ago %s", (_, told, read) => {
    const [head = [], cells = []] = auditTable([{ ...row, read: told, reportedSeq: 10, lastSeq: 14 }]);
    const shown = Object.fromEntries(head.map((name, at) => [name, cells[at]]));
    expect(shown).toMatchObject({ READ: read, SUPPRESSED: "2", LAST: "14" });
  });
});
