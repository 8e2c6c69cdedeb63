import type { Counters } from "./counters.js";
import { DROP_CAUSES } from "./drops.js";
import { LOAD_WINDOWS_MIN, LoadAverage } from "./load-average.js";

/** As often as Mosquitto's `sys_interval` by default. */
export const SYS_INTERVAL_MS = 10_000;

/** Present values that are not counters. */
export interface SysGauges {
  connectedClients: number;
  /** Persistent sessions whose client is away. */
  disconnectedClients: number;
  subscriptions: number;
  retainedMessages: number;
  heldMessages: number;
  heldBytes: number;
}

export interface SysTopicsOptions {
  version: string;
  intervalMs: number;
  counters: Counters;
  gauges(): SysGauges;
  publish(topic: string, payload: string): void;
}

type Rate = [name: string, read: (counters: Counters) => number];
const RATES: readonly Rate[] = [
  ["messages/received", (c) => c.packetsReceived],
  ["messages/sent", (c) => c.packetsSent],
  ["publish/received", (c) => c.publishReceived],
  ["publish/sent", (c) => c.publishSent],
  ["publish/dropped", (c) => c.messagesDropped],
  ["bytes/received", (c) => c.bytesReceived],
  ["bytes/sent", (c) => c.bytesSent],
  ["connections", (c) => c.connectionsOpened],
  ["sockets", (c) => c.socketsOpened],
];

/** Publishes `$SYS/broker/…` under Mosquitto's names, retained, at once and then every ten seconds what changed. */
export class SysTopics {
  readonly #options: SysTopicsOptions;
  readonly #loads = RATES.map(([name, read]) => ({ name, read, average: new LoadAverage() }));
  readonly #published = new Map<string, string>();
  #startedMs = 0;
  #updatedMs = 0;
  #maximum = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: SysTopicsOptions) {
    this.#options = options;
  }

  start(): void {
    this.#startedMs = performance.now();
    this.#updatedMs = this.#startedMs;
    this.update();
    this.#timer = setInterval(() => this.update(), this.#options.intervalMs);
    this.#timer.unref();
  }

  /** Publishes everything that is not as it was published last. */
  update(): void {
    const { counters, version } = this.#options;
    const now = performance.now();
    for (const { average, read } of this.#loads) average.update(read(counters), now - this.#updatedMs);
    this.#updatedMs = now;
    const gauges = this.#options.gauges();
    const clients = gauges.connectedClients + gauges.disconnectedClients;
    this.#maximum = Math.max(this.#maximum, clients);
    this.#set("version", version);
    this.#set("uptime", `${Math.floor((now - this.#startedMs) / 1000)} seconds`);
    this.#set("clients/connected", gauges.connectedClients);
    this.#set("clients/active", gauges.connectedClients);
    this.#set("clients/disconnected", gauges.disconnectedClients);
    this.#set("clients/inactive", gauges.disconnectedClients);
    this.#set("clients/expired", counters.sessionsExpired);
    this.#set("clients/total", clients);
    this.#set("clients/maximum", this.#maximum);
    this.#set("subscriptions/count", gauges.subscriptions);
    this.#set("retained messages/count", gauges.retainedMessages);
    this.#set("messages/stored", gauges.heldMessages + gauges.retainedMessages);
    this.#set("store/messages/count", gauges.heldMessages + gauges.retainedMessages);
    this.#set("store/messages/bytes", gauges.heldBytes);
    this.#set("messages/received", counters.packetsReceived);
    this.#set("messages/sent", counters.packetsSent);
    this.#set("publish/messages/received", counters.publishReceived);
    this.#set("publish/messages/sent", counters.publishSent);
    this.#set("publish/messages/dropped", counters.messagesDropped);
    this.#set("publish/bytes/received", counters.publishBytesReceived);
    this.#set("publish/bytes/sent", counters.publishBytesSent);
    this.#set("bytes/received", counters.bytesReceived);
    this.#set("bytes/sent", counters.bytesSent);
    this.#set("heap/current", process.memoryUsage.rss());
    for (const { name, average } of this.#loads) {
      for (const [i, minutes] of LOAD_WINDOWS_MIN.entries()) {
        this.#set(`load/${name}/${minutes}min`, (average.rates[i] ?? 0).toFixed(2));
      }
    }
    for (const cause of DROP_CAUSES) this.#set(`fieldmesh/dropped/${cause}`, counters.drops[cause]);
  }

  #set(name: string, value: string | number): void {
    const text = String(value);
    if (this.#published.get(name) === text) return;
    this.#published.set(name, text);
    this.#options.publish(`$SYS/broker/${name}`, text);
  }

  close(): void {
    clearInterval(this.#timer);
  }
}
