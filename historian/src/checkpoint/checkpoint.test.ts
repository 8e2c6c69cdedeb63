import { StreamLedger } from "@fieldmesh/protocol";
import type { ConsumerState } from "@fieldmesh/runtime";
import { type IndexDeclarations, type Storage, upsert } from "@fieldmesh/storage";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { embeddedStorage } from "../testing/embedded.js";
import { Checkpoint } from "./checkpoint.js";
import { type NodeDocument, nodeDocuments, stateOf } from "./node-documents.js";

type NodeState = ConsumerState["nodes"][number];

function nodeState(node: string, sensors: number, received = 3): NodeState {
  const streams = Array.from({ length: sensors }, (_, index) => {
    const ledger = new StreamLedger();
    ledger.joinAtStart(7);
    for (let seq = 1; seq <= received; seq += 1) ledger.receive(7, seq);
    ledger.account(7, {
      read: received,
      suppressed: 0,
      lastSeq: received + 2,
      dropped: [[received + 1, received + 1, "$odd.cause"]],
      held: [],
      keptFrom: 1,
    });
    return { sensor: `s${index}`, accounted: true, ledger: ledger.toJSON() };
  });
  const status = { state: "online", boot: 7, conn: 1, timestamp: 1 } as const;
  return { domain: "env", node, birth: null, status, stats: null, statusAt: 1, lastHeardAt: 2, streams };
}

function alarm(node: string, seq: number): ConsumerState["alarms"][number] {
  return {
    domain: "env",
    node,
    sensor: "s0",
    event: {
      node,
      sensor: "s0",
      rule: "r",
      state: "raised",
      severity: "info",
      value: 1,
      unit: "1",
      timestamp: 1,
      since: 1,
      boot: 7,
      seq,
      message: "m",
    },
  };
}

const ROLLUPS = { v: 1 as const, at: 5, minutes: { env_a_s0: [[0, 3] as const] }, hours: {} };

function saved(nodes: NodeState[], alarms: ConsumerState["alarms"] = [], savedAt = 10) {
  return { savedAt, consumer: { v: 1 as const, nodes, alarms }, rollups: ROLLUPS };
}

describe("the documents of a node", () => {
  it("are parts that each fit into a store, whatever the number of streams", () => {
    const state = nodeState("barn", 3_000, 30);
    const documents = nodeDocuments(state, [alarm("barn", 1)]);
    expect(documents.size).toBeGreaterThan(1);
    for (const document of documents.values())
      expect(JSON.stringify(document).length).toBeLessThan(1_000_000);
    expect(stateOf([...documents.values()].reverse()).nodes[0]?.streams).toHaveLength(3_000);
    expect(stateOf(documents.values())).toEqual({ v: 1, nodes: [state], alarms: [alarm("barn", 1)] });
  });
});

describe("the checkpoint", () => {
  let checkpoint: Checkpoint;
  beforeEach(async () => {
    checkpoint = await Checkpoint.open(await embeddedStorage());
  });

  it("is not there before it was saved", async () => {
    expect(await checkpoint.restore()).toBeUndefined();
  });

  it("gives back what was saved last, without the nodes that are gone", async () => {
    await checkpoint.save(saved([nodeState("a", 2), nodeState("b", 1)], [alarm("b", 1)]));
    await checkpoint.save(saved([nodeState("a", 3)], [alarm("a", 4)], 20));
    expect(await checkpoint.restore()).toEqual(saved([nodeState("a", 3)], [alarm("a", 4)], 20));
  });

  it("keeps a rollups' state that is longer than a document", async () => {
    const minutes = Object.fromEntries(
      Array.from({ length: 30_000 }, (_, index) => [`env_node-${index}_s`, [[index, index + 9] as const]]),
    );
    const state = { ...saved([]), rollups: { ...ROLLUPS, minutes } };
    await checkpoint.save(state);
    await checkpoint.save(state);
    expect(await checkpoint.restore()).toEqual(state);
    await checkpoint.save(saved([]));
    expect(await checkpoint.restore()).toEqual(saved([]));
  });

  it("writes only nodes that have changed", async () => {
    const storage = await embeddedStorage();
    const nodes = await storage.collection<NodeDocument>("checkpoint-nodes", {});
    const put = vi.spyOn(nodes, "replaceIf");
    const counted = await Checkpoint.open({
      collection: (name: string, indexes: IndexDeclarations) =>
        name === "checkpoint-nodes" ? Promise.resolve(nodes) : storage.collection(name, indexes),
    } as Pick<Storage, "collection">);
    await counted.save(saved([nodeState("a", 1), nodeState("b", 1)]));
    await counted.save(saved([nodeState("a", 1), nodeState("b", 1, 4)]));
    expect(put.mock.calls.map(([id]) => id)).toEqual(["env/b"]);
  });

  it("refuses one of a later version by name", async () => {
    const storage = await embeddedStorage();
    const meta = await storage.collection<{ v: number }>("checkpoint", {});
    await upsert(meta, "checkpoint", { v: 2 });
    const later = await Checkpoint.open({
      collection: (name: string, indexes: IndexDeclarations) =>
        name === "checkpoint" ? Promise.resolve(meta) : storage.collection(name, indexes),
    } as Pick<Storage, "collection">);
    await expect(later.restore()).rejects.toThrow("checkpoint of version 2");
  });
});
