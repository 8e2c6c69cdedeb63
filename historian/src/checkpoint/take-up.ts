import { join } from "node:path";
import { RangeSet } from "@fieldmesh/protocol";
import type { ConsumerState, Log } from "@fieldmesh/runtime";
import type { NamedRanges } from "../ingest/batch.js";
import { Spill } from "../ingest/spill.js";
import type { Parts } from "../parts.js";
import { catchUp } from "./catch-up.js";
import { Recovered } from "./recovered.js";
import { replay } from "./replay.js";

export interface TakenUp {
  spill: Spill;
  /** Of the consumer, with everything in it that is stored or waits on disk; undefined at the first start. */
  consumer?: ConsumerState;
  /** When the last sign of life of the process before was written, ms. */
  savedAt?: number;
  /** What waits on disk that those who measure have yet to be told of. */
  recovered: Recovered;
}

/**
 * Brings all parts to where the process before left off, also when it was killed, but for those that need the
 * consumer.
 * @throws what the store throws, FormatVersionError, CheckpointVersionError
 */
export async function takeUp(
  parts: Parts,
  { folder, spillBytes, log }: { folder: string; spillBytes: number | undefined; log: Log },
): Promise<TakenUp> {
  const { series, checkpoint, shared, catalogue, rollups, retention, measurement } = parts;
  await shared.take();
  const kept = await checkpoint.restore();
  const { spill, names } = await Spill.open({
    folder: join(folder, "spill"),
    log,
    ...(spillBytes === undefined ? {} : { maxBytes: spillBytes }),
  });
  await retention.restore();
  await catalogue.restore();
  await rollups.restore(kept?.rollups);
  await measurement.restore();
  if (kept === undefined) return { spill, recovered: new Recovered([]) };
  const { savedAt } = kept;
  const { consumer, stored, spilled } = await catchUp(kept.consumer, series, names);
  await replay(series, stored, savedAt, (stream, columns) => {
    rollups.replayed(stream, columns);
    measurement.replayed(stream, columns);
  });
  log.info(
    {
      checkpoint: new Date(savedAt).toISOString(),
      nodes: consumer.nodes.length,
      stored: countOf(stored),
      spilled: spill.readings,
    },
    "took up where the process before left off",
  );
  return { spill, consumer, savedAt, recovered: new Recovered(spilled) };
}

function countOf(names: readonly NamedRanges[]): number {
  return names.reduce((sum, { ranges }) => sum + RangeSet.of(ranges).count, 0);
}
