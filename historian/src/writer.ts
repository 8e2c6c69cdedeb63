import { parseStreamName } from "@fieldmesh/protocol";
import {
  type ConsumerClock,
  createMqttLink,
  createStreamConsumer,
  type Log,
  type MqttLink,
  NotConnectedError,
  Owned,
  type StreamConsumer,
} from "@fieldmesh/runtime";
import { Background } from "./background.js";
import { Checkpointer } from "./checkpoint/checkpointer.js";
import { type TakenUp, takeUp } from "./checkpoint/take-up.js";
import { Ingest } from "./ingest/ingest.js";
import { sampleOf } from "./ingest/sample.js";
import type { HistorianOptions } from "./options.js";
import type { Parts } from "./parts.js";

export interface WriterOptions {
  options: HistorianOptions;
  parts: Parts;
  clock: ConsumerClock;
  log: Log;
  /** Whether this is the one that may write at this moment. */
  mayWrite: () => boolean;
}

/** The historian at work: it listens, stores, and keeps up what is made of it. */
export interface Writer {
  readonly links: readonly MqttLink[];
  readonly ingest: Ingest;
  /** When the last checkpoint was taken that is written, ms; undefined before the first. */
  readonly checkpointAt: number | undefined;
  /** Another instance writes: nothing is written any more that only one may. */
  abandon(): void;
  close(): Promise<void>;
}

/** Another instance may write by now: what came meanwhile waits. */
class LeaseNotHeldError extends Error {
  override readonly name = "LeaseNotHeldError";
  readonly code = "lease_not_held";

  constructor() {
    super("the lease on the store could not be renewed: the store is away, or another historian writes");
  }
}

const TICK_MS = 1_000;
const ROLLUP_MS = 5_000;
const CHECKPOINT_MS = 5_000;
/** Of the 8 s that a service has for an orderly end. */
const CLOSE_INGEST_MS = 1_500;

/** Takes up where the process before left off, and begins. */
export async function startWriter(options: WriterOptions): Promise<Writer> {
  const { options: given, parts, log } = options;
  const taken = await takeUp(parts, { folder: given.folder, spillBytes: given.spillBytes, log });
  const owned = new Owned();
  try {
    return await compose(options, taken, owned);
  } catch (error) {
    await owned.close();
    throw error;
  }
}

async function compose(
  { options, parts, clock, log, mayWrite }: WriterOptions,
  taken: TakenUp,
  owned: Owned,
): Promise<Writer> {
  const { rollups, retention, losses, measurement, objectives, publisher, events, catalogue } = parts;
  const links = options.brokers.map((urls) =>
    createMqttLink({ urls, clientId: "fm_historian", ...options.mqtt, log }),
  );
  let abandoned = false;
  const ingest = createIngest(
    { options, parts, clock, log, mayWrite: () => !abandoned && mayWrite() },
    taken,
  );
  const consumer = createConsumer({ parts, clock, log }, { links, ingest, taken });
  parts.consumer = consumer;
  parts.publish = publishBy(consumer, links);
  await losses.restore();
  await objectives.restore();
  if (taken.savedAt !== undefined) losses.awayBetween(taken.savedAt, clock.now());

  const { savedAt } = taken;
  const checkpointer = new Checkpointer({ parts, ingest, consumer, clock, savedAt });
  const background = (what: string, work: () => Promise<unknown>): Background =>
    new Background(
      what,
      async () => {
        if (!abandoned && mayWrite()) await work();
      },
      log,
    );
  const checkpoint = background("checkpoint", () => checkpointer.take());
  const rolling = background("rollups", () => rollups.flush());
  const writing = background("events and streams", () =>
    Promise.all([events.flush(), catalogue.flush(), parts.shared.give()]),
  );

  // Rows that wait to be made are in the checkpoint: they are made by the next process.
  owned.own(() => checkpoint.runAnew());
  ingest.start();
  owned.own(() => ingest.close(CLOSE_INGEST_MS));
  owned.own(() => retention.close());
  owned.every(CHECKPOINT_MS, () => {
    if (checkpointer.due) void checkpoint.run();
  });
  owned.every(ROLLUP_MS, () => void rolling.run());
  owned.every(TICK_MS, () => {
    if (abandoned) return;
    const now = clock.now();
    losses.tick(now);
    measurement.tick(now);
    objectives.tick(now);
    publisher.tick(now);
    void writing.run();
  });
  retention.start();
  consumer.start();
  owned.own(() => consumer.close());
  return {
    links,
    ingest,
    get checkpointAt() {
      return checkpointer.savedAt;
    },
    abandon: () => {
      abandoned = true;
    },
    close: () => owned.close(),
  };
}

function createIngest(
  { options, parts, clock, log, mayWrite }: WriterOptions,
  { spill, recovered }: Pick<TakenUp, "spill" | "recovered">,
): Ingest {
  const { series, catalogue, rollups, losses, measurement } = parts;
  return new Ingest({
    series: {
      append: (batch) => (mayWrite() ? series.append(batch) : Promise.reject(new LeaseNotHeldError())),
    },
    spill,
    log,
    monotonic: () => clock.monotonic(),
    ...(options.ingest === undefined ? {} : { limits: options.ingest }),
    onStored: (result) => {
      catalogue.stored(result);
      rollups.stored(result);
      recovered.stored(result, (stream, columns) => measurement.replayed(stream, columns));
    },
    onDropped: (names, cause) => {
      for (const { stream, boot, ranges } of names) {
        if (boot > 0) losses.dropped(stream, boot, ranges, cause); // the older forms have no account
      }
    },
  });
}

function createConsumer(
  { parts, clock, log }: Pick<WriterOptions, "parts" | "clock" | "log">,
  { links, ingest, taken }: { links: readonly MqttLink[]; ingest: Ingest; taken: TakenUp },
): StreamConsumer {
  const { catalogue, losses, measurement, objectives, publisher, events } = parts;
  const consumer = createStreamConsumer({
    links,
    by: "historian",
    log,
    clock,
    ...(taken.consumer === undefined ? {} : { state: taken.consumer }),
    onReading: (arrived) => {
      ingest.push(arrived.name, sampleOf(arrived));
      catalogue.observed(arrived);
      losses.arrived(arrived);
      measurement.arrived(arrived);
    },
    onDuplicate: ({ name }, at) => measurement.duplicate(name, at),
    onEvent: (arrived) => {
      const { domain, node } = arrived.stream;
      events.record(arrived, consumer.node(domain, node)?.clockOffset?.offsetMs);
    },
    onPromise: (name, _rule, event) => {
      const stream = parseStreamName(name);
      if (stream.ok && event !== null) events.record({ stream: stream.value, event, arrivedAt: clock.now() });
    },
    onNode: (node, change) => {
      catalogue.node(node, change);
      losses.node(node, change);
      measurement.node(node, change);
    },
    onAsked: ({ name }, { boot, from, to }) => losses.asked(name, boot, from, to),
    onAnswered: ({ name }) => losses.answered(name),
    onLink: (index, connected) => {
      losses.link(connected, clock.now(), index);
      if (!connected) return;
      objectives.connected();
      publisher.connected();
    },
  });
  return consumer;
}

/** To the broker that the stream comes from: the third level of `mesh/quality/{stream}` and `mesh/alarm/{stream}/{rule}`. */
function publishBy(consumer: StreamConsumer, links: readonly MqttLink[]): Parts["publish"] {
  return (topic, payload, options) => {
    const stream = parseStreamName(topic.split("/")[2] ?? "");
    const node = stream.ok ? consumer.node(stream.value.domain, stream.value.node) : undefined;
    const link = links[node?.link ?? 0];
    return link === undefined
      ? Promise.reject(new NotConnectedError())
      : link.publish(topic, payload, options);
  };
}
