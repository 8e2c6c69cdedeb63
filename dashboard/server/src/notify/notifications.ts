import type { Log } from "@fieldmesh/runtime";
import type { ChannelConfig } from "../config/schema.js";
import type { Stores } from "../store/stores.js";
import { createChannel } from "./create-channel.js";
import { Notifier, type NotifierChannel } from "./notifier.js";
import { Outbox } from "./outbox.js";

export interface NotificationsOptions {
  channels: readonly ChannelConfig[];
  env: Readonly<Record<string, string | undefined>>;
  /** What relative paths of secrets start from. */
  folder: string | undefined;
  /** Where a person finds the alarms. */
  link: string | undefined;
  stores: Pick<Stores, "told" | "waiting" | "flushed">;
  clock: () => number;
  log: Log;
  /** A channel's counters changed. */
  onChange: () => void;
}

export interface Notifications {
  readonly notifier: Notifier;
  /** Begins to send; until then what is to be told is only queued. */
  start(): void;
  close(): Promise<void>;
}

/**
 * Makes the channels and their queues, with what they kept.
 * @throws ConfigurationError when a secret that a channel needs is not there.
 */
export async function createNotifications(options: NotificationsOptions): Promise<Notifications> {
  const { stores, clock, log, onChange } = options;
  const channels: NotifierChannel[] = [];
  for (const config of options.channels) {
    const outbox = new Outbox({
      name: config.name,
      channel: await createChannel(config, options.env, options.link, options.folder),
      table: stores.waiting.table,
      flushed: () => stores.flushed(),
      clock,
      log,
      onChange,
    });
    outbox.restore(
      stores.waiting.kept.map(([, waiting]) => waiting).filter(({ channel }) => channel === config.name),
    );
    channels.push({ config, outbox });
  }
  const names = new Set(options.channels.map(({ name }) => name));
  for (const [id, { channel }] of stores.waiting.kept)
    if (!names.has(channel)) stores.waiting.table.delete(id);
  const notifier = new Notifier({ channels, table: stores.told.table, clock });
  notifier.restore(stores.told.kept);
  return {
    notifier,
    start: () => {
      for (const { outbox } of channels) outbox.start();
    },
    close: async () => {
      await Promise.all(channels.map(({ outbox }) => outbox.close()));
    },
  };
}
