import { StreamLedger, streamName } from "@fieldmesh/protocol";
import type { ConsumerState } from "@fieldmesh/runtime";

/** A reading that is in the journal and not in the state that was written before it. */
export interface JournaledReading {
  stream: string;
  boot: number;
  seq: number;
}

/**
 * Brings a consumer's state up to the journal: readings that came after it was written are in the window, and
 * must neither be asked for nor taken again.
 */
export function catchUp(state: ConsumerState, readings: readonly JournaledReading[]): ConsumerState {
  const ledgers = new Map<string, StreamLedger>();
  for (const { domain, node, streams } of state.nodes) {
    for (const { sensor, accounted, ledger } of streams) {
      if (accounted) ledgers.set(streamName({ domain, node, sensor }), StreamLedger.fromJSON(ledger));
    }
  }
  const changed = new Set<string>();
  for (const { stream, boot, seq } of readings) {
    if (boot === 0) continue; // the older forms are in no ledger
    // As backfill: when this consumer joined was settled when they came.
    ledgers.get(stream)?.receive(boot, seq, true);
    changed.add(stream);
  }
  const nodes = state.nodes.map((node) => ({
    ...node,
    streams: node.streams.map((stream) => {
      const name = streamName({ ...node, sensor: stream.sensor });
      const ledger = changed.has(name) ? ledgers.get(name) : undefined;
      return ledger === undefined ? stream : { ...stream, ledger: ledger.toJSON() };
    }),
  }));
  return { ...state, nodes };
}
