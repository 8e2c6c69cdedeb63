import { type Birth, parseMessage, parseName, parseStreamName, streamName } from "@fieldmesh/protocol";
import { type Log, type MqttLink, Owned } from "@fieldmesh/runtime";
import type { Observed } from "../resources/product.js";
import type { Observations } from "../store/observations.js";
import { RegistryError } from "../store/registry-error.js";
import { conflictText, portConflictText } from "./conflict.js";
import { NodeClaims, type NodeConflict } from "./node-claims.js";
import { observedOf, tellsTheSame } from "./observed-of.js";
import type { StreamIndex } from "./stream-index.js";

export interface StreamObserverOptions {
  link: Pick<MqttLink, "onMessage" | "onConnect" | "onDisconnect" | "subscribe"> | undefined;
  observations: Observations;
  index: StreamIndex;
  /** ms since the epoch. */
  clock: () => number;
  log: Log;
  maxNodes?: number;
}

/** What became of births; bounded in number and told by `/health`. */
export interface BirthCounts {
  received: number;
  /** Not a birth, or of another node than its topic says. */
  unreadable: number;
  /** Of more nodes than are kept in mind, or of more streams than nobody's drafts may be. */
  refused: number;
}

/** Nodes that are kept in mind: as many as a consumer of the wire. */
const MAX_NODES = 5_000;
const FILTERS = ["+/+/birth", "+/+/status"];
/** Streams of one node that are written at once: the store writes them in one flush. */
const AT_ONCE = 64;
/** A node that connects again and again is written down at most so often, ms. */
const SEEN_EVERY_MS = 60_000;
const TICK_MS = 5_000;
/** Nodes that are there tell it again within this after their broker came back, ms: backoff is 60 s at most. */
const AWAY_AFTER_MS = 120_000;

/** Of a node there is something to be written down. */
interface Pending {
  /** `null`: its birth was removed; undefined: nothing new, its conflict came or went. */
  birth: Birth | null | undefined;
  live: boolean;
}

/**
 * Writes down what births tell: of each stream what it is, when it came and went, and who else claims it. Never
 * trusts them: they change no declared field, they are read by the parser of the wire, and what they bring is
 * bounded. Of a node that floods only the newest birth is looked at, when the one before is written.
 */
export class StreamObserver {
  readonly #options: StreamObserverOptions;
  readonly #maxNodes: number;
  readonly #claims: NodeClaims;
  readonly #pending = new Map<string, Pending>();
  /** Streams whose contenders may have changed. */
  readonly #touched = new Set<string>();
  /** Nodes whose birth came since the broker was reached. */
  readonly #heard = new Set<string>();
  readonly #owned = new Owned();
  readonly #counts: BirthCounts = { received: 0, unreadable: 0, refused: 0 };
  #connectedAt: number | undefined;
  #running: Promise<void> | undefined;
  #failing = false;
  #closed = false;

  constructor(options: StreamObserverOptions) {
    this.#options = options;
    this.#maxNodes = options.maxNodes ?? MAX_NODES;
    this.#claims = new NodeClaims(this.#maxNodes);
  }

  start(): void {
    const { link, clock, log } = this.#options;
    if (link === undefined) return;
    const ends = [
      link.onMessage((topic, payload, { retain }) => this.#receive(topic, payload, retain)),
      link.onConnect(() => {
        this.#connectedAt = clock();
      }),
      link.onDisconnect(() => {
        this.#connectedAt = undefined;
        this.#heard.clear();
      }),
    ];
    this.#owned.own(() => {
      for (const end of ends) end();
      return Promise.resolve();
    });
    link.subscribe(FILTERS, 1).catch((error: unknown) => {
      log.error({ err: error, filters: FILTERS }, "births are not heard");
    });
    this.#owned.every(TICK_MS, () => this.tick());
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#pending.clear();
    await this.#owned.close();
    await this.#running;
  }

  get counts(): Readonly<BirthCounts> {
    return this.#counts;
  }

  /** Nodes that two speak for. */
  nodeConflicts(): NodeConflict[] {
    return [...this.#claims.conflicts(this.#options.clock())];
  }

  /** A product came, changed or went: others may offer its streams, or no more. */
  touched(streams: Iterable<string>): void {
    for (const stream of streams) this.#touched.add(stream);
    this.#run();
  }

  /** Conflicts end, and nodes are found to be away, as time goes by. */
  tick(): void {
    const now = this.#options.clock();
    for (const { domain, node } of this.#claims.settle(now)) this.#later(domain, node);
    if (this.#connectedAt !== undefined && now - this.#connectedAt >= AWAY_AFTER_MS) {
      this.#connectedAt = undefined; // once for each connection
      this.#missUnheard();
    }
    this.#run();
  }

  #receive(topic: string, payload: Buffer, retain: boolean): void {
    const kind = /^[^/]+\/[^/]+\/(birth|status)$/.exec(topic)?.[1];
    if (kind === undefined) return;
    const now = this.#options.clock();
    if (kind === "birth") this.#counts.received += 1;
    const parsed = parseMessage(topic, payload, { now, retain });
    if (!parsed.ok) {
      if (kind !== "birth") return;
      this.#counts.unreadable += 1;
      this.#options.log.debug({ topic, reason: parsed.detail }, "a birth that cannot be read");
      return;
    }
    const message = parsed.value;
    if (message.kind === "status") {
      if (message.status !== null) this.#claims.status(message.domain, message.node, message.status, now);
    } else if (message.kind === "birth")
      this.#born(message.domain, message.node, message.birth, !retain, now);
  }

  #born(domain: string, node: string, birth: Birth | null, live: boolean, now: number): void {
    const key = `${domain}/${node}`;
    if (birth === null) {
      this.#claims.removed(domain, node);
      this.#heard.delete(key);
    } else {
      this.#claims.birth(birth, live, now);
      if (this.#heard.size < this.#maxNodes) this.#heard.add(key);
    }
    if (this.#pending.size >= this.#maxNodes && !this.#pending.has(key)) {
      this.#counts.refused += 1;
      return;
    }
    const wasLive = this.#pending.get(key)?.live ?? false;
    this.#pending.set(key, { birth, live: live || wasLive });
    this.#run();
  }

  #later(domain: string, node: string): void {
    const key = `${domain}/${node}`;
    if (!this.#pending.has(key)) this.#pending.set(key, { birth: undefined, live: false });
    this.#run();
  }

  /** Of these the broker keeps nothing: they were removed while nobody looked. */
  #missUnheard(): void {
    const unheard = new Set<string>();
    for (const stream of this.#options.index.streams()) {
      const parsed = parseStreamName(stream);
      if (!parsed.ok) continue;
      const key = `${parsed.value.domain}/${parsed.value.node}`;
      if (!this.#heard.has(key)) unheard.add(key);
    }
    for (const key of unheard) this.#pending.set(key, { birth: null, live: false });
  }

  #run(): void {
    if (this.#closed || (this.#pending.size === 0 && this.#touched.size === 0)) return;
    this.#running ??= this.#work().finally(() => {
      this.#running = undefined;
      // What came while the last one was written; of a store that is away, at the next tick.
      if (!this.#failing) this.#run();
    });
  }

  async #work(): Promise<void> {
    try {
      for (const [key, pending] of this.#pending) {
        if (this.#closed) return;
        this.#pending.delete(key);
        try {
          await this.#write(key, pending);
        } catch (error) {
          if (!this.#pending.has(key)) this.#pending.set(key, pending);
          throw error;
        }
      }
      const touched = [...this.#touched];
      this.#touched.clear();
      for (const stream of touched) await this.#renewConflict(stream);
      if (this.#failing) this.#options.log.info("what births tell is written down again");
      this.#failing = false;
    } catch (error) {
      if (!this.#failing)
        this.#options.log.warn({ err: error }, "what births tell is not written down: tried again");
      this.#failing = true;
    }
  }

  async #write(key: string, { birth, live }: Pending): Promise<void> {
    const [domain = "", node = ""] = key.split("/");
    const before = [...this.#options.index.streamsOfNode(domain, node)];
    if (birth === undefined) {
      for (const stream of before) await this.#renewConflict(stream);
      return;
    }
    const sensors = birth?.sensors ?? [];
    const present = new Set(sensors.map(({ id }) => streamName({ domain, node, sensor: id })));
    for (let from = 0; from < sensors.length && birth !== null; from += AT_ONCE) {
      const some = sensors.slice(from, from + AT_ONCE);
      await Promise.all(
        some.map((sensor) => {
          const stream = streamName({ domain, node, sensor: sensor.id });
          const now = this.#options.clock();
          const seen = observedOf(birth, sensor, now);
          return this.#observe(stream, domain, (known) => this.#newer(known, seen, live));
        }),
      );
    }
    for (const stream of before) {
      if (!present.has(stream)) await this.#lose(stream, domain);
    }
  }

  /** What is written down; undefined when all of it is already. */
  #newer(known: Observed | undefined, seen: Observed, live: boolean): Observed | undefined {
    const conflict = this.#conflictOf(seen.stream);
    const next: Observed = { ...seen, ...(conflict === undefined ? {} : { conflict }) };
    if (known === undefined) return next;
    const seenAt = live ? seen.seenAt : known.seenAt;
    const isOld = Math.abs(seenAt - known.seenAt) >= SEEN_EVERY_MS;
    return tellsTheSame(known, next) && !isOld ? undefined : { ...next, seenAt };
  }

  #lose(stream: string, domain: string): Promise<void> {
    return this.#observe(stream, domain, (known) => {
      if (known === undefined || known.gone !== undefined) return undefined;
      const { conflict: _, ...rest } = known;
      return { ...rest, gone: this.#options.clock() };
    });
  }

  #renewConflict(stream: string): Promise<void> {
    const parsed = parseStreamName(stream);
    if (!parsed.ok) return Promise.resolve();
    return this.#observe(stream, parsed.value.domain, (known) => {
      if (known === undefined) return undefined;
      const conflict = known.gone === undefined ? this.#conflictOf(stream) : undefined;
      if (conflict === known.conflict) return undefined;
      const { conflict: _, ...rest } = known;
      return conflict === undefined ? rest : { ...rest, conflict };
    });
  }

  #conflictOf(stream: string): string | undefined {
    const parsed = parseStreamName(stream);
    if (!parsed.ok) return undefined;
    const { domain, node } = parsed.value;
    const conflict = this.#claims.conflict(domain, node, this.#options.clock());
    return conflict === undefined
      ? portConflictText(stream, this.#options.index.contenders(stream))
      : conflictText(conflict);
  }

  async #observe(
    stream: string,
    domain: string,
    see: (known: Observed | undefined) => Observed | undefined,
  ): Promise<void> {
    const { observations, log } = this.#options;
    if (!parseName("domain", domain).ok) return;
    try {
      await observations.observe(stream, domain, see);
    } catch (error) {
      if (!(error instanceof RegistryError)) throw error;
      if (this.#counts.refused === 0) log.warn({ stream, reason: error.message }, "a stream is not recorded");
      this.#counts.refused += 1;
    }
  }
}
