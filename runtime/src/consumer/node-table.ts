import { type Stream, StreamLedger } from "@fieldmesh/protocol";
import type { ConsumerState } from "./consumer-state.js";
import { NodeRecord, StreamRecord } from "./node-record.js";

export interface NodeTableLimits {
  nodes: number;
  streams: number;
}

/** All nodes and streams that a consumer knows, bounded in number. */
export class NodeTable {
  readonly #limits: NodeTableLimits;
  /** By `{domain}/{node}`. */
  readonly #nodes = new Map<string, NodeRecord>();
  #streams = 0;

  constructor(limits: NodeTableLimits) {
    this.#limits = limits;
  }

  get all(): ReadonlyMap<string, NodeRecord> {
    return this.#nodes;
  }

  get(domain: string, node: string): NodeRecord | undefined {
    return this.#nodes.get(`${domain}/${node}`);
  }

  /** `undefined` when it would be one too many. */
  add(domain: string, node: string, link: number, now: number): NodeRecord | undefined {
    if (this.#nodes.size >= this.#limits.nodes) return undefined;
    const record = new NodeRecord(domain, node, link, now);
    this.#nodes.set(`${domain}/${node}`, record);
    return record;
  }

  delete(record: NodeRecord): void {
    if (!this.#nodes.delete(`${record.domain}/${record.node}`)) return;
    this.#streams -= record.streams.size;
  }

  /** The stream of a node, begun when there is none; `undefined` when it would be one too many. */
  stream(record: NodeRecord, sensor: string): StreamRecord | undefined {
    const known = record.streams.get(sensor);
    if (known !== undefined) return known;
    if (this.#streams >= this.#limits.streams) return undefined;
    const begun = new StreamRecord(streamOf(record, sensor));
    record.streams.set(sensor, begun);
    this.#streams++;
    return begun;
  }

  /** A node that has a birth speaks with accounting: what came without it before is not its own. */
  deleteUnaccounted(record: NodeRecord): void {
    for (const [sensor, { accounted }] of record.streams) {
      if (accounted) continue;
      record.streams.delete(sensor);
      this.#streams--;
    }
  }

  save(): ConsumerState["nodes"] {
    return [...this.#nodes.values()].map((record) => {
      const { domain, node, birth, status, stats, statusAt, lastHeardAt } = record;
      const streams = [...record.streams.values()].map(({ stream, accounted, ledger }) => ({
        sensor: stream.sensor,
        accounted,
        ledger: ledger.toJSON(),
      }));
      return { domain, node, birth, status, stats, statusAt, lastHeardAt, streams };
    });
  }

  /** Fills an empty table with what {@link save} gave. */
  restore(kept: ConsumerState["nodes"], now: number): void {
    for (const { domain, node, streams, ...rest } of kept) {
      const record = this.add(domain, node, 0, now);
      if (record === undefined) return;
      record.birth = rest.birth;
      record.status = rest.status;
      record.stats = rest.stats;
      record.statusAt = rest.statusAt;
      record.lastHeardAt = rest.lastHeardAt;
      for (const { sensor, accounted, ledger } of streams) {
        const stream = this.stream(record, sensor);
        if (stream === undefined) continue;
        stream.ledger = StreamLedger.fromJSON(ledger);
        stream.accounted = accounted;
      }
      record.judge(null, now);
    }
  }
}

function streamOf({ domain, node }: NodeRecord, sensor: string): Stream {
  return { domain, node, sensor };
}
