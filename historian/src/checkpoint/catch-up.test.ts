import { RangeSet, type SeqRange, StreamLedger } from "@fieldmesh/protocol";
import type { ConsumerState } from "@fieldmesh/runtime";
import { describe, expect, it } from "vitest";
import { catchUp } from "./catch-up.js";

const BOOT = 1_000;

/** One node with one stream that has received these. */
function stateWith(received: number[]): ConsumerState {
  const ledger = new StreamLedger();
  ledger.joinAtStart(BOOT);
  for (const seq of received) ledger.receive(BOOT, seq);
  const stream = { sensor: "t", accounted: true, ledger: ledger.toJSON() };
  const bare = { sensor: "bare", accounted: false, ledger: new StreamLedger().toJSON() };
  const node = { domain: "env", node: "a", birth: null, status: null, stats: null };
  return {
    v: 1,
    nodes: [{ ...node, statusAt: null, lastHeardAt: null, streams: [stream, bare] }],
    alarms: [],
  };
}

function storeOf(kept: Record<number, SeqRange[]>) {
  return {
    boots: (stream: string) => Promise.resolve(stream === "env_a_t" ? Object.keys(kept).map(Number) : [0]),
    stored: (_: string, boot: number) => Promise.resolve(kept[boot] ?? []),
  };
}

function receivedOf(state: ConsumerState, boot = BOOT): SeqRange[] | undefined {
  return state.nodes[0]?.streams[0]?.ledger.boots.find((one) => one.boot === boot)?.received;
}

describe("catching up with the store", () => {
  it("marks as received what is stored and what waits on disk beyond the checkpoint, and names both", async () => {
    const waiting = [
      { stream: "env_a_t", boot: BOOT, ranges: [[4, 8] as const] },
      { stream: "env_b_t", boot: BOOT, ranges: [[1, 2] as const] },
    ];
    const caught = await catchUp(
      stateWith([1, 2, 3]),
      storeOf({ [BOOT]: [[1, 5]], [BOOT + 9]: [[1, 2]] }),
      waiting,
    );
    expect(caught.stored).toEqual([
      { stream: "env_a_t", boot: BOOT, ranges: [[4, 5]] },
      { stream: "env_a_t", boot: BOOT + 9, ranges: [[1, 2]] },
    ]);
    expect(caught.spilled).toEqual([{ stream: "env_a_t", boot: BOOT, ranges: [[4, 8]] }]);
    expect(receivedOf(caught.consumer)).toEqual([[1, 8]]);
    expect(receivedOf(caught.consumer, BOOT + 9)).toEqual([[1, 2]]);
  });

  it("leaves a checkpoint as it is that the store has nothing beyond", async () => {
    const state = stateWith([1, 2, 3]);
    const caught = await catchUp(state, storeOf({ [BOOT]: [[1, 2]] }), []);
    expect(caught).toEqual({ consumer: state, stored: [], spilled: [] });
  });

  it("has nothing to say of numbers that the ledger has settled, or of boots that it has folded", async () => {
    const ledger = new StreamLedger({ maxBoots: 2, maxRanges: 8 });
    for (const boot of [1, 2, BOOT]) ledger.account(boot, account(4));
    for (let seq = 1; seq <= 99; seq += 2) ledger.receive(BOOT, seq);
    const state = stateWith([]);
    const [stream] = state.nodes[0]?.streams ?? [];
    if (stream !== undefined) stream.ledger = ledger.toJSON();
    const { stored } = await catchUp(state, storeOf({ 1: [[1, 4]], [BOOT]: [[1, 200]] }), []);
    const settled = ledger.toJSON().boots.at(-1)?.settled.to ?? 0;
    expect(settled).toBeGreaterThan(50);
    expect(stored.map(({ boot }) => boot)).toEqual([BOOT]);
    expect(RangeSet.of(stored[0]?.ranges ?? []).min).toBeGreaterThan(settled);
  });
});

function account(lastSeq: number) {
  return { read: lastSeq, suppressed: 0, lastSeq, dropped: [], held: [], keptFrom: 1 };
}
