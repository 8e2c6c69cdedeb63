import type { Log, MqttLink } from "@fieldmesh/runtime";

/** Keeps retained topics at the broker as they should be. */
export interface Announcer {
  /** What is to stand on a topic from now on; `undefined`: nothing. Only topics below `mesh/product/` and `mesh/compliance/`. */
  announce(topic: string, payload: string | undefined): void;
  /** All that holds was announced: from now on what stands there and nobody announced is taken away. */
  start(): void;
  close(): void;
}

export interface AnnouncerOptions {
  /** Without one nothing is announced. */
  link: Pick<MqttLink, "onMessage" | "onConnect" | "onDisconnect" | "subscribe" | "publish"> | undefined;
  log: Log;
}

const FILTERS = ["mesh/product/+", "mesh/compliance/+"] as const;
const OURS = /^mesh\/(?:product|compliance)\/[^/]+$/;
/** On their way to the broker at once: one that comes back is not met by all of them. */
const MAX_INFLIGHT = 100;
const RETRY_MS = 1_000;

/** See {@link Announcer}. */
export function createAnnouncer(options: AnnouncerOptions): Announcer {
  return new RetainedTopics(options);
}

class RetainedTopics implements Announcer {
  readonly #link: AnnouncerOptions["link"];
  readonly #log: Log;
  /** What should stand there. */
  readonly #wanted = new Map<string, string>();
  /** Topics that are not as they should be, as far as we know. */
  readonly #due = new Set<string>();
  readonly #inflight = new Set<string>();
  readonly #unsubscribe: (() => void)[] = [];
  #retry: NodeJS.Timeout | undefined;
  #started = false;
  #connected = false;

  constructor({ link, log }: AnnouncerOptions) {
    this.#link = link;
    this.#log = log;
    if (link === undefined) return;
    this.#unsubscribe.push(
      link.onMessage((topic, payload, { retain }) => {
        // Live ones are our own: only what the broker had kept tells what stands there.
        if (retain && OURS.test(topic)) this.#found(topic, payload.toString());
      }),
      link.onConnect(() => {
        this.#connected = true;
        this.#send();
      }),
      link.onDisconnect(() => {
        this.#connected = false;
        // The next broker may be another, or have forgotten.
        for (const topic of this.#wanted.keys()) this.#due.add(topic);
      }),
    );
    link.subscribe(FILTERS, 1).catch((error: unknown) => {
      log.error({ err: error, filters: FILTERS }, "what was announced before is not heard");
    });
  }

  announce(topic: string, payload: string | undefined): void {
    if (!OURS.test(topic))
      throw new TypeError(`${topic}: expected mesh/product/{id} or mesh/compliance/{id}`);
    if (this.#link === undefined || this.#wanted.get(topic) === payload) return;
    if (payload === undefined) this.#wanted.delete(topic);
    else this.#wanted.set(topic, payload);
    this.#due.add(topic);
    this.#send();
  }

  start(): void {
    this.#started = true;
    this.#send();
  }

  close(): void {
    for (const end of this.#unsubscribe) end();
    clearTimeout(this.#retry);
    this.#connected = false;
  }

  #found(topic: string, payload: string): void {
    if (payload === (this.#wanted.get(topic) ?? "")) {
      this.#due.delete(topic);
      return;
    }
    this.#due.add(topic);
    this.#send();
  }

  #send(): void {
    if (this.#link === undefined || !this.#connected || !this.#started) return;
    for (const topic of this.#due) {
      if (this.#inflight.size >= MAX_INFLIGHT) return;
      if (this.#inflight.has(topic)) continue; // one at a time: the last one said stands
      this.#due.delete(topic);
      this.#publish(this.#link, topic);
    }
  }

  #publish(link: Pick<MqttLink, "publish">, topic: string): void {
    this.#inflight.add(topic);
    link.publish(topic, this.#wanted.get(topic) ?? "", { qos: 1, retain: true }).then(
      () => {
        this.#inflight.delete(topic);
        this.#send();
      },
      (error: unknown) => {
        this.#inflight.delete(topic);
        this.#due.add(topic);
        this.#log.debug({ err: error, topic }, "not announced yet");
        this.#sendLater();
      },
    );
  }

  #sendLater(): void {
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => this.#send(), RETRY_MS).unref();
  }
}
