import { StreamLedger } from "@fieldmesh/protocol";
import type { ConsumerState } from "@fieldmesh/runtime";
import { expect, test } from "vitest";
import { catchUp } from "./catch-up.js";

test("what was written after the state is neither asked for nor taken again", () => {
  const ledger = new StreamLedger();
  const account = { read: 3, suppressed: 0, lastSeq: 3, dropped: [], held: [], keptFrom: 1 };
  for (const seq of [1, 2, 3]) ledger.receive(7, seq);
  ledger.account(7, account);
  const node = {
    domain: "env",
    node: "a",
    birth: null,
    status: null,
    stats: null,
    statusAt: null,
    lastHeardAt: null,
  };
  const state: ConsumerState = {
    v: 1,
    nodes: [{ ...node, streams: [{ sensor: "x", accounted: true, ledger: ledger.toJSON() }] }],
    alarms: [],
  };
  const readings = [4, 5, 7].map((seq) => ({ stream: "env_a_x", boot: 7, seq }));
  const caught = catchUp(state, [...readings, { stream: "env_other_x", boot: 7, seq: 1 }]);
  const json = caught.nodes[0]?.streams[0]?.ledger;
  if (json === undefined) throw new Error("no ledger");
  const again = StreamLedger.fromJSON(json);
  expect(again.receive(7, 5).outcome).toBe("duplicate");
  again.account(7, { ...account, read: 8, lastSeq: 8 });
  expect(again.gaps()).toEqual([
    { boot: 7, from: 6, to: 6 },
    { boot: 7, from: 8, to: 8 },
  ]);
});
