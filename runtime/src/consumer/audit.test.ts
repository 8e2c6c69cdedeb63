import { type SensorAccount, StreamLedger } from "@fieldmesh/protocol";
import { describe, expect, it } from "vitest";
import { auditRows } from "./audit.js";

const account = (lastSeq: number, over: Partial<SensorAccount> = {}): SensorAccount => ({
  read: lastSeq,
  suppressed: 0,
  lastSeq,
  dropped: [],
  held: [],
  keptFrom: 1,
  ...over,
});

function rowsOf(fill: (ledger: StreamLedger) => void) {
  const ledger = new StreamLedger();
  ledger.joinAtStart(5);
  fill(ledger);
  return auditRows([{ stream: { domain: "env", node: "desk", sensor: "light" }, terms: ledger.terms() }]);
}

describe("the audit of the identity", () => {
  it("is content when every reading is stored, dropped by name, or held", () => {
    const [row] = rowsOf((ledger) => {
      ledger.receive(5, 1);
      ledger.account(5, account(4, { dropped: [[2, 2, "full"]], held: [[3, 4]], read: 9, suppressed: 5 }));
    });
    expect(row).toMatchObject({
      stream: "env_desk_light",
      boot: 5,
      stored: 1,
      dropped: 1,
      held: 2,
      ok: true,
    });
  });

  it("is not when one is unknown", () => {
    const [row] = rowsOf((ledger) => {
      ledger.receive(5, 2);
      ledger.account(5, account(2));
    });
    expect(row).toMatchObject({ unknown: 1, ok: false });
  });

  it("is not when the node's own half does not add up, or was never told", () => {
    const [row] = rowsOf((ledger) => {
      ledger.receive(5, 1);
      ledger.account(5, account(1, { read: 3 }));
    });
    expect(row).toMatchObject({ unknown: 0, ok: false });
    expect(rowsOf((ledger) => ledger.receive(5, 1))[0]).toMatchObject({ accounted: false, ok: false });
  });

  it("shows the newest boot of a stream first, and which it is", () => {
    const rows = rowsOf((ledger) => {
      for (const boot of [5, 6]) ledger.account(boot, account(0));
    });
    expect(rows.map(({ boot, current }) => [boot, current])).toEqual([
      [6, true],
      [5, false],
    ]);
  });
});
