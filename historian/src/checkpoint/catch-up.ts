import { RangeSet, type SeqRange, StreamLedger, streamName } from "@fieldmesh/protocol";
import type { ConsumerState } from "@fieldmesh/runtime";
import type { Series } from "@fieldmesh/storage";
import type { NamedRanges } from "../ingest/batch.js";

export interface CaughtUp {
  /** The consumer's state with everything in it that is stored or waits on disk. */
  consumer: ConsumerState;
  /** What the store has beyond the checkpoint. */
  stored: NamedRanges[];
  /** What waits on disk beyond the checkpoint. */
  spilled: NamedRanges[];
}

type StreamState = ConsumerState["nodes"][number]["streams"][number];

/** Streams that are asked about side by side: a store across the network answers them in about the time of one. */
const AT_ONCE = 32;

/**
 * Brings a checkpoint up to what is kept: readings that were stored or spilled after it was taken must neither be
 * asked for nor taken again.
 */
export async function catchUp(
  consumer: ConsumerState,
  series: Pick<Series, "boots" | "stored">,
  waiting: readonly NamedRanges[],
): Promise<CaughtUp> {
  const onDisk = new Map<string, NamedRanges[]>();
  for (const names of waiting) onDisk.set(names.stream, [...(onDisk.get(names.stream) ?? []), names]);
  const caught: CaughtUp = { consumer, stored: [], spilled: [] };
  const states = consumer.nodes.flatMap(({ domain, node, streams }) =>
    streams
      .filter(({ accounted }) => accounted)
      .map((state) => ({ name: streamName({ domain, node, sensor: state.sensor }), state })),
  );
  const ledgers = new Map<StreamState, StreamState["ledger"]>();
  for (let i = 0; i < states.length; i += AT_ONCE) {
    await Promise.all(
      states.slice(i, i + AT_ONCE).map(async ({ name, state }) => {
        const stored = beyond(state.ledger, await storedOf(series, name));
        const spilled = beyond(state.ledger, onDisk.get(name) ?? []);
        caught.stored.push(...stored);
        caught.spilled.push(...spilled);
        if (stored.length + spilled.length > 0) {
          ledgers.set(state, withReadings(state.ledger, [...stored, ...spilled]));
        }
      }),
    );
  }
  caught.consumer = {
    ...consumer,
    nodes: consumer.nodes.map((node) => ({
      ...node,
      streams: node.streams.map((state) => ({ ...state, ledger: ledgers.get(state) ?? state.ledger })),
    })),
  };
  return caught;
}

async function storedOf(series: Pick<Series, "boots" | "stored">, stream: string): Promise<NamedRanges[]> {
  const boots = (await series.boots(stream)).filter((boot) => boot > 0);
  const ranges = await Promise.all(boots.map((boot) => series.stored(stream, boot)));
  return boots.map((boot, index) => ({ stream, boot, ranges: ranges[index] ?? [] }));
}

/** Of those that are kept, what the ledger does not have. Boots that it has folded are settled. */
function beyond(ledger: StreamState["ledger"], kept: readonly NamedRanges[]): NamedRanges[] {
  return kept.flatMap(({ stream, boot, ranges }) => {
    const known = ledger.boots.find((one) => one.boot === boot);
    if (known === undefined && boot <= ledger.folded.newest) return [];
    const missing = RangeSet.of(ranges)
      .clip((known?.settled.to ?? 0) + 1, Number.MAX_SAFE_INTEGER)
      .subtract(RangeSet.of(known?.received ?? []));
    return missing.size === 0 ? [] : [{ stream, boot, ranges: missing.ranges() }];
  });
}

function withReadings(json: StreamState["ledger"], readings: readonly NamedRanges[]): StreamState["ledger"] {
  const ledger = StreamLedger.fromJSON(json);
  for (const { boot, ranges } of readings) {
    // As backfill: when this consumer joined was settled when they came.
    for (const seq of numbers(ranges)) ledger.receive(boot, seq, true);
  }
  return ledger.toJSON();
}

function* numbers(ranges: readonly SeqRange[]): Generator<number> {
  for (const [from, to] of ranges) for (let seq = from; seq <= to; seq += 1) yield seq;
}
