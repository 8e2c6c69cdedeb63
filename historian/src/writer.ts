import { join } from "node:path";
import { RangeSet } from "@fieldmesh/protocol";
import {
  type ConsumerClock,
  createMqttLink,
  createStreamConsumer,
  type Log,
  type MqttLink,
  Owned,
  type StreamConsumer,
} from "@fieldmesh/runtime";
import type { Appended } from "@fieldmesh/storage";
import { Background } from "./background.js";
import { catchUp } from "./checkpoint/catch-up.js";
import { Recovered } from "./checkpoint/recovered.js";
import { replay } from "./checkpoint/replay.js";
import { Ingest } from "./ingest/ingest.js";
import { sampleOf } from "./ingest/sample.js";
import { Spill } from "./ingest/spill.js";
import type { HistorianOptions } from "./options.js";
import type { Parts } from "./parts.js";

export interface WriterOptions {
  options: HistorianOptions;
  parts: Parts;
  clock: ConsumerClock;
  log: Log;
}

/** The historian at work: it listens, stores, and keeps up what is made of it. */
export interface Writer {
  readonly consumer: StreamConsumer;
  readonly links: readonly MqttLink[];
  readonly ingest: Ingest;
  /** When the last checkpoint was taken that is written, ms; undefined before the first. */
  readonly checkpointAt: number | undefined;
  close(): Promise<void>;
}

const TICK_MS = 1_000;
const ROLLUP_MS = 5_000;
const CHECKPOINT_MS = 5_000;
/** Of the 8 s that a service has for an orderly end. */
const CLOSE_INGEST_MS = 1_500;

/** Takes up where the process before left off, and begins. */
export async function startWriter({ options, parts, clock, log }: WriterOptions): Promise<Writer> {
  const owned = new Owned();
  try {
    return await compose({ options, parts, clock, log }, owned);
  } catch (error) {
    await owned.close();
    throw error;
  }
}

async function compose({ options, parts, clock, log }: WriterOptions, owned: Owned): Promise<Writer> {
  const { series, checkpoint, catalogue, events, rollups, retention, losses, measurement } = parts;
  const { spill, names } = await Spill.open({
    folder: join(options.folder, "spill"),
    log,
    ...(options.spillBytes === undefined ? {} : { maxBytes: options.spillBytes }),
  });
  const kept = await checkpoint.restore();
  await retention.restore();
  await catalogue.restore();
  await rollups.restore(kept?.rollups);
  await measurement.restore();
  const caught = kept === undefined ? undefined : await catchUp(kept.consumer, series, names);
  if (kept !== undefined && caught !== undefined) {
    await replay(series, caught.stored, kept.savedAt, (stream, columns) => {
      rollups.replayed(stream, columns);
      measurement.replayed(stream, columns);
    });
    log.info(
      {
        checkpoint: new Date(kept.savedAt).toISOString(),
        nodes: kept.consumer.nodes.length,
        stored: countOf(caught.stored),
        spilled: spill.readings,
      },
      "took up where the process before left off",
    );
  }

  const links = options.brokers.map((urls) =>
    createMqttLink({ urls, clientId: "fm_historian", ...options.mqtt, log }),
  );
  const recovered = new Recovered(caught?.spilled ?? []);
  const ingest = new Ingest({
    series,
    spill,
    log,
    monotonic: () => clock.monotonic(),
    ...(options.ingest === undefined ? {} : { limits: options.ingest }),
    onStored: (result: ReadonlyMap<string, Appended>) => {
      catalogue.stored(result);
      rollups.stored(result);
      recovered.stored(result, (stream, columns) => measurement.replayed(stream, columns));
    },
    onDropped: (given, cause) => {
      for (const { stream, boot, ranges } of given) {
        if (boot > 0) losses.dropped(stream, boot, ranges, cause);
      }
    },
  });
  const consumer = createStreamConsumer({
    links,
    by: "historian",
    log,
    clock,
    ...(caught === undefined ? {} : { state: caught.consumer }),
    onReading: (arrived) => {
      ingest.push(arrived.name, sampleOf(arrived));
      catalogue.observed(arrived);
      losses.arrived(arrived);
      measurement.arrived(arrived);
    },
    onEvent: (arrived) => {
      const { domain, node } = arrived.stream;
      events.record(arrived, consumer.node(domain, node)?.clockOffset?.offsetMs);
    },
    onNode: (node, change) => {
      catalogue.node(node, change);
      losses.node(node, change);
      measurement.node(node, change);
    },
    onAsked: ({ name }, { boot, from, to }) => losses.asked(name, boot, from, to),
    onAnswered: ({ name }) => losses.answered(name),
    onLink: (index, connected) => losses.link(connected, clock.now(), index),
  });
  parts.consumer = consumer;
  await losses.restore();
  if (kept !== undefined) losses.awayBetween(kept.savedAt, clock.now());

  let checkpointAt = kept?.savedAt;
  const checkpointing = new Background(
    "checkpoint",
    async () => {
      // All of one moment, and written when everything until then is safe.
      const state = { savedAt: clock.now(), consumer: consumer.save(), rollups: rollups.save() };
      await ingest.settle();
      await Promise.all([events.flush(), catalogue.flush(), losses.flush(), measurement.flush()]);
      await checkpoint.save(state);
      checkpointAt = state.savedAt;
    },
    log,
  );
  const rolling = new Background("rollups", () => rollups.flush(), log);
  const writing = new Background(
    "events and streams",
    async () => {
      await Promise.all([events.flush(), catalogue.flush()]);
    },
    log,
  );

  owned.own(async () => {
    await rolling.run();
    await checkpointing.run(); // one may be on its way, of before
    await checkpointing.run();
  });
  ingest.start();
  owned.own(() => ingest.close(CLOSE_INGEST_MS));
  owned.own(() => retention.close());
  owned.every(CHECKPOINT_MS, () => void checkpointing.run());
  owned.every(ROLLUP_MS, () => void rolling.run());
  owned.every(TICK_MS, () => {
    losses.tick(clock.now());
    measurement.tick(clock.now());
    void writing.run();
  });
  retention.start();
  consumer.start();
  owned.own(() => consumer.close());
  return {
    consumer,
    links,
    ingest,
    get checkpointAt() {
      return checkpointAt;
    },
    close: () => owned.close(),
  };
}

function countOf(names: readonly { ranges: readonly (readonly [number, number])[] }[]): number {
  return names.reduce((sum, { ranges }) => sum + RangeSet.of(ranges).count, 0);
}
