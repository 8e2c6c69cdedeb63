import { randomUUID } from "node:crypto";
import { dirname } from "node:path";
import {
  type ConsumerState,
  createMqttLink,
  createStreamConsumer,
  lockFolder,
  Owned,
} from "@fieldmesh/runtime";
import { AlarmBook, alarmKey } from "./alarms/book.js";
import { BrokerStates } from "./broker-states.js";
import { Catalogue, nodeKey } from "./catalogue/catalogue.js";
import { DroppedCounter } from "./dropped.js";
import { startFace } from "./face.js";
import { Live } from "./live.js";
import { createNotifications } from "./notify/notifications.js";
import type { DashboardOptions, DashboardWorld } from "./options.js";
import { Restored } from "./restored.js";
import { openStores } from "./store/stores.js";
import { Backfill } from "./window/backfill.js";
import { catchUp } from "./window/catch-up.js";
import { WindowJournal } from "./window/journal.js";
import { DEFAULT_WINDOWS, Windows } from "./window/windows.js";

export interface Dashboard {
  readonly url: string;
  readonly port: number;
  close(): Promise<void>;
}

const monotonic = (): number => performance.now();
const JOURNAL_MS = 500;
const TICK_MS = 1_000;
const NOTIFY_MS = 5_000;

/**
 * Starts the dashboard: takes up what it kept, listens, connects to the brokers.
 * @throws ConfigurationError, FolderHeldError and others that name what to change
 */
export async function startDashboard(options: DashboardOptions, world: DashboardWorld): Promise<Dashboard> {
  const owned = new Owned();
  try {
    const { url, port } = await compose(options, world, owned);
    return { url, port, close: () => owned.close() };
  } catch (error) {
    await owned.close();
    throw error;
  }
}

async function compose(
  options: DashboardOptions,
  { log, env = {}, clock = Date.now }: DashboardWorld,
  owned: Owned,
): Promise<{ url: string; port: number }> {
  const { config, folder } = options;
  const lock = await lockFolder(folder, "dashboard");
  owned.own(async () => {
    await lock[Symbol.asyncDispose]();
  });
  const stores = await openStores(options.storage ?? { kind: "folder", path: dirname(folder) }, folder, log);
  owned.own(() => stores.close());

  const dropped = new DroppedCounter();
  const notifications = await createNotifications({
    channels: config.channels,
    env,
    folder: options.configFolder,
    link: options.publicUrl === undefined ? undefined : new URL("/alarms", options.publicUrl).href,
    stores,
    clock,
    log,
    onChange: () => dropped.touch(),
  });
  owned.own(() => notifications.close());
  const alarms = new AlarmBook({
    onChange: ({ what, alarm }) =>
      notifications.notifier.changed(alarm, what === "raised" || what === "acknowledged"),
    onPresent: (key, present) =>
      present === undefined ? stores.present.table.delete(key) : stores.present.table.put(key, present),
    onHistory: (id, alarm) => stores.history.table.put(id, alarm),
    onHistoryDropped: (id) => stores.history.table.delete(id),
  });
  alarms.restore(
    stores.present.kept,
    stores.history.kept.map(([, alarm]) => alarm),
  );

  const windows = new Windows({
    windowMs: config.window.length,
    maxReadings: config.window.readings,
    maxStreams: config.window.streams,
    maxTotalReadings: DEFAULT_WINDOWS.maxTotalReadings,
  });
  const journal = new WindowJournal({ folder, windows, state: () => consumer.save(), log, clock, monotonic });
  const kept = await journal.open();
  owned.own(() => journal.close());
  log.info({ streams: windows.streams, readings: kept.readings }, "took up the windows of before");
  // Our own writing, whole by its checksum; the consumer checks its version.
  const state = kept.state as ConsumerState | undefined;

  const links = options.brokers.map((urls) =>
    createMqttLink({ urls, clientId: `fm_dashboard_${randomUUID().slice(0, 8)}`, ...options.mqtt, log }),
  );
  const brokers = new BrokerStates(links, clock);
  const consumer = createStreamConsumer({
    links,
    by: "dashboard",
    log,
    clock: { now: clock, monotonic },
    ...(state === undefined ? {} : { state: catchUp(state, kept.after) }),
    onReading: (arrived) => {
      restored.heardNode(nodeKey(arrived.stream));
      if (!backfill.tooOld(arrived)) live.reading(arrived);
    },
    onEvent: (arrived) => {
      restored.heardAlarm(alarmKey(arrived.stream, arrived.event.rule));
      live.event(arrived);
    },
    onEventEnded: (alarm, why) => live.eventEnded(alarm, why),
    onNode: (node, change) => {
      if (change !== "presence") restored.heardNode(nodeKey(node));
      live.node(node, change);
      if (change === "removed") backfill.forget(node);
      else backfill.heard(nodeKey(node), node);
    },
    onAck: (stream, rule, ack) => alarms.acknowledge(stream, rule, ack),
    onPromise: (name, rule, event) => {
      restored.heardAlarm(`${name}/${rule}`);
      live.promise(name, rule, event);
    },
    onLink: (index) => brokers.changed(index),
  });
  const restored = new Restored({ consumer, alarms, clock, log });
  const backfill = new Backfill({ consumer, windows, log });
  owned.own(() => Promise.resolve(backfill.close()));
  const catalogue = new Catalogue(consumer, clock);
  for (const [name, ring] of windows.entries()) catalogue.restore(name, ring);
  const live = new Live({
    consumer,
    windows,
    catalogue,
    alarms,
    dropped,
    onChange: (change) => journal.note(change),
    clock,
    monotonic,
    nodeAlarms: { offline: config.nodes.offline, silent: config.nodes.silent, afterMs: config.nodes.after },
  });

  const face = await startFace({
    options,
    log,
    clock,
    parts: { consumer, links, windows, catalogue, alarms, live, dropped, notifier: notifications.notifier },
    brokers,
    trouble: () => {
      if (journal.failing) return "cannot write to its folder";
      return stores.failing ? "cannot write to its store" : undefined;
    },
  });
  owned.own(() => face.close());

  consumer.start();
  owned.own(() => consumer.close());
  notifications.start();
  owned.every(JOURNAL_MS, () => void journal.flush());
  owned.every(TICK_MS, () => {
    restored.letGo();
    live.tick();
  });
  owned.every(NOTIFY_MS, () => notifications.notifier.tick(alarms.allStanding()));
  return { url: face.url, port: face.port };
}
