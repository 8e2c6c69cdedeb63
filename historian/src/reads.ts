import type { HistoryStatus } from "@fieldmesh/protocol";
import { unavailable } from "./http/answers.js";
import type { HistoryReads } from "./http/reads.js";
import type { IngestCounts } from "./ingest/ingest-options.js";
import type { Parts } from "./parts.js";
import { VERSION } from "./version.js";
import type { Writer } from "./writer.js";

/** What HTTP asks, answered by the parts. */
export function createReads(
  parts: Parts,
  work: {
    /** Whether this instance writes. */
    writes: () => boolean;
    listening: () => Pick<Writer, "links" | "ingest"> | undefined;
  },
): HistoryReads {
  const { configuration, series, catalogue, events, losses, publisher, rollups } = parts;
  return {
    series,
    streams: () => catalogue.list(),
    stream: (name) => catalogue.get(name),
    events,
    losses,
    quality: publisher,
    configuration: {
      get current() {
        return configuration.own;
      },
      put: async (document, ifVersion, by) => {
        // What is put here would not hold where it matters.
        if (!work.writes())
          throw unavailable("standby", "another historian writes to this store: put it there");
        const put = await configuration.put(document, ifVersion, by);
        // While the store is away it holds all the same, and gets there later.
        await parts.shared.give().catch(() => undefined);
        return put;
      },
    },
    status: () => statusOf(parts, work.writes(), work.listening()),
    importSamples: async (stream, samples) => {
      // One writer at a time: from here it would be a second one.
      if (!work.writes()) throw unavailable("standby", "another historian writes to this store");
      const result = await series.append(new Map([[stream, samples]]));
      const [first] = samples;
      if (first !== undefined) catalogue.imported(stream, first);
      catalogue.stored(result);
      rollups.stored(result);
      return result.get(stream) ?? { stored: [], duplicates: 0 };
    },
  };
}

async function statusOf(
  parts: Parts,
  writes: boolean,
  listening: Pick<Writer, "links" | "ingest"> | undefined,
): Promise<HistoryStatus> {
  const { engine } = parts.series;
  const failure = listening?.ingest.failure;
  const store = await sizesOf(parts);
  const reason = store.reason ?? failure?.message;
  return {
    version: VERSION,
    role: writes ? "writer" : "standby",
    store: {
      engine: engine.name,
      version: engine.version,
      at: engine.at,
      reachable: reason === undefined,
      ...(reason === undefined ? {} : { reason }),
    },
    brokers: (listening?.links ?? []).map(({ url, connected }) => ({ url, connected })),
    ingest: ingestOf(listening?.ingest.counts() ?? NOTHING_CAME, parts.events.dropped),
    sizes: store.sizes,
    retention: { ...parts.configuration.retention },
    events: store.events,
  };
}

const NOTHING_CAME: IngestCounts = {
  received: 0,
  stored: 0,
  duplicates: 0,
  queued: 0,
  spilled: 0,
  spilledBytes: 0,
  dropped: 0,
  droppedBy: {},
};

/** Events wait in memory alone: those that were given up there are counted beside the readings. */
function ingestOf(counts: IngestCounts, events: number): HistoryStatus["ingest"] {
  if (events === 0) return counts;
  const droppedBy = { ...counts.droppedBy, "events-full": events };
  return { ...counts, dropped: counts.dropped + events, droppedBy };
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
