import type { AlarmView, ChannelView } from "@fieldmesh/protocol";
import type { ChannelConfig } from "../config/schema.js";
import type { Table } from "../store/write-behind.js";
import { type NotificationWhat, notificationOf, severityRank, testNotification } from "./notification.js";
import type { Outbox } from "./outbox.js";

/** What one channel was told of one alarm. */
export interface Told {
  channel: string;
  alarm: AlarmView;
  /** It was told that the alarm stands, and not yet that it is over. */
  open: boolean;
  /** When it was told last, ms. */
  lastAt: number;
  /** When it was told of raises lately, ms. */
  raises: number[];
}

export interface NotifierChannel {
  config: ChannelConfig;
  outbox: Outbox;
}

export interface NotifierOptions {
  channels: readonly NotifierChannel[];
  table: Table<Told>;
  clock: () => number;
  /** An alarm is told of at most this often within `flapWindowMs`; then it has to stay. */
  maxRaises?: number;
  flapWindowMs?: number;
}

/** There is no channel of that name. */
export class UnknownChannelError extends Error {
  readonly code = "CHANNEL_UNKNOWN";

  constructor(name: string) {
    super(`no channel is called ${JSON.stringify(name)}`);
    this.name = "UnknownChannelError";
  }
}

const DEFAULT_MAX_RAISES = 5;
const DEFAULT_FLAP_WINDOW_MS = 600_000;

/**
 * Decides what each channel is told. It compares what stands with what was told, so the order of events, a
 * restart, or a channel that is new in the configuration need no cases of their own: nothing is told twice,
 * and nothing that still stands is forgotten.
 */
export class Notifier {
  readonly #options: NotifierOptions;
  readonly #told = new Map<string, Map<string, Told>>();

  constructor(options: NotifierOptions) {
    this.#options = options;
    for (const { config } of options.channels) this.#told.set(config.name, new Map());
  }

  /** Takes up what was told before a restart; what was told to channels that are gone is forgotten. */
  restore(told: Iterable<[id: string, told: Told]>): void {
    for (const [id, one] of told) {
      const channel = this.#told.get(one.channel);
      if (channel === undefined) this.#options.table.delete(id);
      else channel.set(one.alarm.key, one);
    }
  }

  /** An alarm was raised, changed or is over: tells the channels that want to know. */
  changed(alarm: AlarmView, standing: boolean): void {
    for (const channel of this.#options.channels) {
      if (standing) this.#stands(channel, alarm);
      else this.#over(channel, alarm);
    }
  }

  /** Looks at everything again: repeats, and what was held back. Call it every few seconds. */
  tick(standing: Iterable<AlarmView>): void {
    const keys = new Set<string>();
    for (const alarm of standing) {
      keys.add(alarm.key);
      for (const channel of this.#options.channels) this.#stands(channel, alarm);
    }
    const { clock, channels } = this.#options;
    for (const channel of channels) {
      for (const [key, told] of this.#told.get(channel.config.name) ?? []) {
        if (keys.has(key)) continue;
        if (told.open) this.#over(channel, { ...told.alarm, endedAt: told.alarm.endedAt ?? clock() });
        else if (this.#recent(told).length === 0) this.#forget(channel, key);
      }
    }
  }

  /** Sends a test at once. @throws UnknownChannelError, ChannelError */
  async test(name: string): Promise<void> {
    const channel = this.#options.channels.find(({ config }) => config.name === name);
    if (channel === undefined) throw new UnknownChannelError(name);
    await channel.outbox.sendNow(testNotification(name, this.#options.clock()));
  }

  views(): ChannelView[] {
    return this.#options.channels.map(({ config, outbox }) => ({
      name: config.name,
      kind: config.kind,
      minSeverity: config.minSeverity,
      ...outbox.counts,
    }));
  }

  #stands(channel: NotifierChannel, alarm: AlarmView): void {
    const { config } = channel;
    if (!wants(config, alarm)) return;
    const now = this.#options.clock();
    const told = this.#told.get(config.name)?.get(alarm.key);
    const acknowledged = alarm.ack !== undefined;
    if (told !== undefined && isSameRaise(told.alarm, alarm)) {
      const due = config.repeatEvery !== undefined && now - told.lastAt >= config.repeatEvery;
      if (told.open && due && !acknowledged) {
        this.#tell(channel, alarm, "repeated", { ...told, alarm, lastAt: now });
      }
      return;
    }
    if (acknowledged) return;
    const raises = told === undefined ? [] : this.#recent(told);
    const most = this.#options.maxRaises ?? DEFAULT_MAX_RAISES;
    if (raises.length >= most) return; // it flaps: told when it still stands as the window has passed
    const what = raises.length === most - 1 ? "flapping" : "raised";
    const next: Told = { channel: config.name, alarm, open: true, lastAt: now, raises: [...raises, now] };
    this.#tell(channel, alarm, what, next);
  }

  #over(channel: NotifierChannel, alarm: AlarmView): void {
    const told = this.#told.get(channel.config.name)?.get(alarm.key);
    if (told === undefined) return;
    if (alarm.ended === "removed") this.#forget(channel, alarm.key);
    if (alarm.ended === "removed" || !told.open) return;
    const next: Told = { ...told, alarm, open: false };
    if (channel.config.cleared) this.#tell(channel, alarm, "cleared", next);
    else this.#remember(channel, next);
  }

  #tell(channel: NotifierChannel, alarm: AlarmView, what: NotificationWhat, told: Told): void {
    const at = what === "repeated" ? told.lastAt : (alarm.endedAt ?? alarm.event.timestamp);
    channel.outbox.add(notificationOf(alarm, what, at));
    this.#remember(channel, told);
  }

  #remember(channel: NotifierChannel, told: Told): void {
    this.#told.get(channel.config.name)?.set(told.alarm.key, told);
    this.#options.table.put(`${channel.config.name} ${told.alarm.key}`, told);
  }

  #forget(channel: NotifierChannel, key: string): void {
    this.#told.get(channel.config.name)?.delete(key);
    this.#options.table.delete(`${channel.config.name} ${key}`);
  }

  #recent(told: Told): number[] {
    const horizon = this.#options.clock() - (this.#options.flapWindowMs ?? DEFAULT_FLAP_WINDOW_MS);
    return told.raises.filter((at) => at > horizon);
  }
}

function wants(config: ChannelConfig, alarm: AlarmView): boolean {
  return (
    severityRank(alarm.event.severity) >= severityRank(config.minSeverity) &&
    (config.domains === undefined || config.domains.includes(alarm.domain)) &&
    (config.nodes === undefined || config.nodes.includes(alarm.event.node))
  );
}

function isSameRaise(one: AlarmView, other: AlarmView): boolean {
  return one.event.boot === other.event.boot && one.event.seq === other.event.seq;
}
