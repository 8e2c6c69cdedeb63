import type { HistoryStatus } from "@fieldmesh/protocol";
import { unavailable } from "./http/answers.js";
import type { HistoryReads } from "./http/reads.js";
import type { Parts } from "./parts.js";
import { VERSION } from "./version.js";
import type { Writer } from "./writer.js";

/** What HTTP asks, answered by the parts. */
export function createReads(parts: Parts, writer: () => Writer | undefined): HistoryReads {
  const { configuration, series, catalogue, events, losses, publisher, rollups } = parts;
  return {
    series,
    streams: () => catalogue.list(),
    stream: (name) => catalogue.get(name),
    events,
    losses,
    quality: publisher,
    configuration,
    status: () => statusOf(parts, writer()),
    importSamples: async (stream, samples) => {
      // One writer at a time: from here it would be a second one.
      if (writer() === undefined) throw unavailable("standby", "another historian writes to this store");
      const result = await series.append(new Map([[stream, samples]]));
      const [first] = samples;
      if (first !== undefined) catalogue.imported(stream, first);
      catalogue.stored(result);
      rollups.stored(result);
      return result.get(stream) ?? { stored: [], duplicates: 0 };
    },
  };
}

async function statusOf(parts: Parts, writer: Writer | undefined): Promise<HistoryStatus> {
  const { engine } = parts.series;
  const failure = writer?.ingest.failure;
  const store = await sizesOf(parts);
  const reason = store.reason ?? failure?.message;
  const counts = writer?.ingest.counts();
  return {
    version: VERSION,
    role: writer === undefined ? "standby" : "writer",
    store: {
      engine: engine.name,
      version: engine.version,
      at: engine.at,
      reachable: reason === undefined,
      ...(reason === undefined ? {} : { reason }),
    },
    brokers: (writer?.links ?? []).map(({ url, connected }) => ({ url, connected })),
    ingest: counts ?? {
      received: 0,
      stored: 0,
      duplicates: 0,
      queued: 0,
      spilled: 0,
      spilledBytes: 0,
      dropped: 0,
      droppedBy: {},
    },
    sizes: store.sizes,
    retention: { ...parts.configuration.retention },
    events: store.events,
  };
}

const NOTHING = { rows: 0, bytes: 0 };

async function sizesOf({
  series,
  events,
}: Parts): Promise<{ sizes: HistoryStatus["sizes"]; events: number; reason?: string }> {
  try {
    const [sizes, count] = await Promise.all([series.sizes(), events.count()]);
    return { sizes, events: count };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { sizes: { raw: NOTHING, minute: NOTHING, hour: NOTHING }, events: 0, reason };
  }
}
