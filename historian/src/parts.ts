import { type ConsumerClock, type Log, NotConnectedError, type StreamConsumer } from "@fieldmesh/runtime";
import { Checkpoint } from "./checkpoint/checkpoint.js";
import type { Configuration } from "./configuration/configuration.js";
import { SharedConfiguration } from "./configuration/shared-configuration.js";
import { EVENT_INDEXES, EventHistory } from "./events/event-history.js";
import { createLossLedger, type LossLedger } from "./loss/loss-ledger.js";
import { LOSS_INDEXES } from "./loss/loss-store.js";
import { MEASURE_INDEXES } from "./measure/measure-document.js";
import { createMeasurement, type Measurement } from "./measure/measurement.js";
import { createObjectives, type Objectives } from "./objectives/objectives.js";
import { OBJECTIVE_INDEXES, type Publish } from "./objectives/promise-alarms.js";
import { createQualityPublisher, type QualityPublisher } from "./publish/quality-publisher.js";
import { Retention } from "./retention/retention.js";
import { Rollups } from "./rollup/rollups.js";
import type { Stores } from "./stores.js";
import { StreamCatalogue } from "./streams/stream-catalogue.js";

/** What the historian is made of, on an open store. */
export interface Parts extends Stores {
  configuration: Configuration;
  shared: SharedConfiguration;
  checkpoint: Checkpoint;
  catalogue: StreamCatalogue;
  events: EventHistory;
  rollups: Rollups;
  retention: Retention;
  losses: LossLedger;
  measurement: Measurement;
  objectives: Objectives;
  publisher: QualityPublisher;
  /** Who listens, as soon as there is one; until then nothing is known. */
  consumer: KnownNodes;
  /** To the broker that the stream of the topic comes from; rejects while nobody is connected. */
  publish: Publish;
}

export type KnownNodes = Pick<StreamConsumer, "nodes" | "node" | "stream">;
const NOBODY: KnownNodes = { nodes: new Map(), node: () => undefined, stream: () => undefined };

/** Opens the collections and makes the parts on them; nothing runs yet. */
export async function openParts(
  stores: Stores,
  { configuration, clock, log }: { configuration: Configuration; clock: ConsumerClock; log: Log },
): Promise<Parts> {
  const { storage, series } = stores;
  const now = (): number => clock.now();
  const checkpoint = await Checkpoint.open(storage);
  const shared = new SharedConfiguration(configuration, await storage.collection("configuration", {}));
  const catalogue = new StreamCatalogue({
    collection: await storage.collection("streams", {}),
    series,
    clock: now,
    log,
  });
  const events = new EventHistory({ collection: await storage.collection("events", EVENT_INDEXES) });
  const losses = createLossLedger({
    collection: await storage.collection("losses", LOSS_INDEXES),
    consumer: () => parts.consumer,
    clock: now,
    log,
  });
  const measurement = createMeasurement({
    collection: await storage.collection("measure", MEASURE_INDEXES),
    consumer: () => parts.consumer,
    clock,
    log,
  });
  const publish: Publish = (topic, payload, options) => parts.publish(topic, payload, options);
  const objectives = createObjectives({
    measurement,
    configuration,
    publish,
    collection: await storage.collection("objectives", OBJECTIVE_INDEXES),
    clock: now,
    log,
  });
  const publisher = createQualityPublisher({ measurement, objectives, configuration, publish, log });
  const retention = new Retention({
    series,
    collection: await storage.collection("retention", {}),
    documents: [
      { what: "events", prune: (before) => events.prune(before) },
      { what: "losses", prune: (before) => losses.prune(before) },
    ],
    terms: () => configuration.retention,
    clock: now,
    log,
  });
  const rollups = new Rollups({ series, horizon: () => retention.horizon(), clock: now, log });
  const parts: Parts = {
    ...stores,
    configuration,
    shared,
    checkpoint,
    catalogue,
    events,
    rollups,
    retention,
    losses,
    measurement,
    objectives,
    publisher,
    consumer: NOBODY,
    publish: () => Promise.reject(new NotConnectedError()),
  };
  return parts;
}
