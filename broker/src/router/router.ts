import type { AedesPublishPacket } from "aedes";
import type { OutwardQueue } from "../port/outward-queue.js";
import { SubscriptionTrie } from "./subscription-trie.js";

/** A connected client, as the router sees it. */
export interface Reader {
  /** Told apart by this, among all that ever were. */
  readonly serial: number;
  readonly outward: OutwardQueue;
  /** Its CONNECT has been accepted. */
  readonly accepted: boolean;
  /** How many subscriptions it has; the router counts. */
  subscriptionCount: number;
}

/** Aedes' function that delivers to one subscription. */
export type Deliver = (packet: AedesPublishPacket, done: () => void) => void;

interface Subscription<R> {
  readonly filter: string;
  readonly deliver: Deliver;
  /** Null for a function of this process. */
  readonly reader: R | null;
  readonly qos: 0 | 1 | 2;
}

/** Who gets what is published to one topic. */
export interface RouteTarget<R> {
  /** Subscriptions or rules have changed since: ask again. */
  stale: boolean;
  readonly subscriptions: readonly Subscription<R>[];
  readonly readers: readonly R[];
  /** The readers of this and of every other topic that has exactly the same; null when functions listen too. */
  readonly group: RouteGroup<R> | null;
}

/** Clients that get the same messages. */
export interface RouteGroup<R> {
  readonly readers: readonly R[];
}

/** What the router asks of the broker around it. */
export interface RouterHost<R> {
  /** Whose subscription a function of Aedes is; null when it is one of this process. */
  ownerOf(deliver: Deliver): R | null;
  /** The QoS that the owner was granted for the filter. */
  grantedQos(reader: R, filter: string): 0 | 1 | 2;
  mayReceive(reader: R, topic: string): boolean;
  /** Whether a QoS 1 or 2 message is to be sent now: a session's held ones go first [MQTT-4.6.0], and each once. */
  isOwed(reader: R, packet: AedesPublishPacket): boolean;
  /** Whether a QoS 0 message has to be dropped for a reader that is behind; it counts it. */
  dropsQos0(reader: R): boolean;
  /** Grows when answers of `mayReceive` may have changed. */
  readonly accessRevision: number;
  /** Topics below this are Aedes' talk with itself, which no client sees. */
  readonly internalPrefix: string;
}

/** Topics whose targets are remembered, per generation; two generations are kept. */
const GENERATION_TOPICS = 10_000;

/**
 * Finds who gets a message, in place of Aedes' `mqemitter`: no queue and no recursion, one delivery per client at the
 * highest QoS granted [MQTT-3.3.5-1], and the answer for a topic is remembered until subscriptions or rules change.
 */
export class MessageRouter<R extends Reader> {
  readonly nobody: RouteTarget<R> = { stale: false, subscriptions: [], readers: [], group: null };
  readonly #host: RouterHost<R>;
  readonly #trie = new SubscriptionTrie<Subscription<R>>();
  readonly #byFunction = new Map<Deliver, Subscription<R>[]>();
  #young = new Map<string, RouteTarget<R>>();
  #old = new Map<string, RouteTarget<R>>();
  readonly #groups = new Map<string, RouteGroup<R>>();
  #accessRevision = 0;
  /** True while Aedes' functions are being called: what they ask about permission is already known. */
  delivering = false;
  /** Of all clients. */
  subscriptionCount = 0;

  constructor(host: RouterHost<R>) {
    this.#host = host;
  }

  // ---- The face that Aedes expects of `mq` ----

  on(filter: string, deliver: Deliver, done?: () => void): this {
    const reader = this.#host.ownerOf(deliver);
    const qos = reader === null ? 2 : this.#host.grantedQos(reader, filter);
    const subscription: Subscription<R> = { filter, deliver, reader, qos };
    this.#trie.add(subscription);
    if (reader !== null) {
      reader.subscriptionCount += 1;
      this.subscriptionCount += 1;
    }
    const same = this.#byFunction.get(deliver);
    if (same === undefined) this.#byFunction.set(deliver, [subscription]);
    else same.push(subscription);
    this.#changed(filter);
    done?.();
    return this;
  }

  removeListener(filter: string, deliver: Deliver, done?: () => void): this {
    const all = this.#byFunction.get(deliver) ?? [];
    const gone = all.find((subscription) => subscription.filter === filter);
    if (gone !== undefined) {
      this.#trie.remove(gone);
      if (gone.reader !== null) {
        gone.reader.subscriptionCount -= 1;
        this.subscriptionCount -= 1;
      }
      if (all.length === 1) this.#byFunction.delete(deliver);
      else all.splice(all.indexOf(gone), 1);
      this.#changed(filter);
    }
    done?.();
    return this;
  }

  emit(packet: AedesPublishPacket, done: () => void): this {
    packet.dup = false; // it said that the publisher sent again, which is no reader's business [MQTT-3.3.1-3]
    const { subscriptions } = packet.topic.startsWith(this.#host.internalPrefix)
      ? this.nobody
      : this.target(packet.topic);
    // One more than there are, so that a function that finishes at once does not finish the whole.
    let open = 1;
    const finished = (): void => {
      if (--open === 0) done();
    };
    let lowered: (AedesPublishPacket | undefined)[] | undefined;
    this.delivering = true;
    for (const { reader, qos, deliver } of subscriptions) {
      const effective = Math.min(qos, packet.qos);
      if (reader !== null) {
        if (
          effective === 0
            ? !reader.accepted || this.#host.dropsQos0(reader)
            : !this.#host.isOwed(reader, packet)
        ) {
          continue;
        }
      }
      open += 1;
      if (effective === packet.qos) deliver(packet, finished);
      else {
        lowered ??= [];
        const copy = lowered[effective] ?? lower(packet, effective);
        lowered[effective] = copy;
        deliver(copy, finished);
      }
    }
    this.delivering = false;
    finished();
    return this;
  }

  close(done: () => void): this {
    setImmediate(done);
    return this;
  }

  // ---- Ours ----

  /** Who gets what is published to the topic; remembered until it is stale. */
  target(topic: string): RouteTarget<R> {
    if (this.#accessRevision !== this.#host.accessRevision) {
      this.#accessRevision = this.#host.accessRevision;
      this.#forgetAll();
    }
    const young = this.#young.get(topic);
    if (young !== undefined) return young;
    const target = this.#old.get(topic) ?? this.#match(topic);
    if (this.#young.size >= GENERATION_TOPICS) {
      // Memos elsewhere may hold what falls out here: they have to learn of changes too.
      for (const [kept] of this.#young) this.#old.delete(kept);
      for (const dropped of this.#old.values()) dropped.stale = true;
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(topic, target);
    return target;
  }

  #match(topic: string): RouteTarget<R> {
    const best = new Map<R, Subscription<R>>();
    const subscriptions: Subscription<R>[] = [];
    for (const found of this.#trie.match(topic)) {
      if (found.reader === null) {
        subscriptions.push(found);
        continue;
      }
      const other = best.get(found.reader);
      if (other === undefined || other.qos < found.qos) best.set(found.reader, found);
    }
    for (const [reader, found] of best) {
      if (this.#host.mayReceive(reader, topic)) subscriptions.push(found);
    }
    const readers = subscriptions.flatMap(({ reader }) => (reader === null ? [] : [reader]));
    const group = readers.length === subscriptions.length ? this.#group(readers) : null;
    return { stale: false, subscriptions, readers, group };
  }

  #group(readers: readonly R[]): RouteGroup<R> {
    const key = readers
      .map(({ serial }) => serial)
      .sort((a, b) => a - b)
      .join();
    let group = this.#groups.get(key);
    if (group === undefined) {
      group = { readers };
      this.#groups.set(key, group);
    }
    return group;
  }

  #changed(filter: string): void {
    if (filter.includes("+") || filter.includes("#")) {
      this.#forgetAll();
      return;
    }
    for (const generation of [this.#young, this.#old]) {
      const target = generation.get(filter);
      if (target === undefined) continue;
      target.stale = true;
      generation.delete(filter);
    }
    if (this.#groups.size > GENERATION_TOPICS) this.#groups.clear();
  }

  #forgetAll(): void {
    this.#groups.clear();
    for (const generation of [this.#young, this.#old]) {
      for (const target of generation.values()) target.stale = true;
      generation.clear();
    }
  }
}

function lower(packet: AedesPublishPacket, qos: number): AedesPublishPacket {
  return Object.assign(Object.create(Object.getPrototypeOf(packet) as object) as AedesPublishPacket, packet, {
    qos,
  });
}
