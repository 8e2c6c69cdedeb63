import { type HistoryStream, parseStreamName, type Stream, streamName } from "@fieldmesh/protocol";
import type { ArrivedReading, ConsumerNode, Log, NodeChange } from "@fieldmesh/runtime";
import { type Appended, type Collection, type Series, type SeriesInfo, upsert } from "@fieldmesh/storage";
import { fromBirth, fromReading, type StreamDocument } from "./stream-document.js";

export interface StreamCatalogueOptions {
  collection: Collection<StreamDocument>;
  series: Pick<Series, "streams" | "latest">;
  clock: () => number;
  log: Log;
}

const PAGE = 1_000;
/** Writes side by side: the embedded store puts them into one commit. */
const AT_ONCE = 256;
/** Numbers are kept up with each append; bytes, and what was pruned, only the store knows. */
const REFRESH_MS = 60_000;

type Amount = Pick<SeriesInfo, "readings" | "from" | "to" | "bytes">;
const NOTHING: Amount = { readings: 0, from: null, to: null, bytes: 0 };

/**
 * Every stream that the historian ever heard of: what it is, from births or, where there is none, from what was
 * observed; and how much is kept of it. In memory; what it is, also in the store.
 */
export class StreamCatalogue {
  readonly #options: StreamCatalogueOptions;
  readonly #streams = new Map<string, StreamDocument>();
  /** Names by `{domain}/{node}`. */
  readonly #nodes = new Map<string, Set<string>>();
  readonly #amounts = new Map<string, Amount>();
  /** Not yet in the store. */
  readonly #changed = new Set<string>();
  #refreshedAt = Number.NEGATIVE_INFINITY;
  #flushing: Promise<void> | undefined;

  constructor(options: StreamCatalogueOptions) {
    this.#options = options;
  }

  /** Reads what was kept. */
  async restore(): Promise<void> {
    let after: string | undefined;
    do {
      const page = await this.#options.collection.find({ index: "id", limit: PAGE, after });
      for (const { id, document } of page.items) this.#know(id, document);
      after = page.next;
    } while (after !== undefined);
    await this.#refresh();
  }

  /** To be told of each reading; costs next to nothing when its stream is known. */
  observed({ stream, name, reading, arrivedAt }: ArrivedReading): void {
    const known = this.#streams.get(name);
    if (known === undefined) this.#put(name, fromReading(stream, reading, arrivedAt));
    else if (known.retiredAt !== undefined && known.source === "observed") {
      const { retiredAt: _, ...back } = known;
      this.#put(name, back);
    }
  }

  /** To be told of each change of a node. */
  node(node: ConsumerNode, change: NodeChange): void {
    if (change === "removed") this.#retire(node);
    if (change === "birth") this.#born(node);
  }

  /** To be told of every append. */
  stored(result: ReadonlyMap<string, Appended>): void {
    for (const [name, { stored }] of result) {
      if (stored.length === 0) continue;
      const amount = { ...(this.#amounts.get(name) ?? NOTHING) };
      amount.readings += stored.length;
      for (const { at } of stored) {
        amount.from = Math.min(amount.from ?? at, at);
        amount.to = Math.max(amount.to ?? at, at);
      }
      this.#amounts.set(name, amount);
    }
  }

  get(name: string): HistoryStream | undefined {
    this.#refreshSoon();
    const document = this.#streams.get(name);
    return document === undefined ? undefined : this.#view(name, document);
  }

  list(): HistoryStream[] {
    this.#refreshSoon();
    return [...this.#streams].map(([name, document]) => this.#view(name, document));
  }

  /** What a stream was last known to be. */
  document(name: string): StreamDocument | undefined {
    return this.#streams.get(name);
  }

  /** A stream that came into the store otherwise than by a reading that arrived. */
  imported(name: string, sample: { unit: string; value: number | boolean | null }): void {
    const parsed = parseStreamName(name);
    if (!parsed.ok || this.#streams.has(name)) return;
    this.#put(name, fromReading(parsed.value, sample, this.#options.clock()));
  }

  /** Writes what changed. @throws what the store throws; nothing is lost then. */
  async flush(): Promise<void> {
    // One after the other: two at once would write the same documents twice.
    const before = this.#flushing ?? Promise.resolve();
    const flushing = before.catch(() => undefined).then(() => this.#flush());
    this.#flushing = flushing;
    await flushing;
  }

  async #flush(): Promise<void> {
    const names = [...this.#changed];
    for (let i = 0; i < names.length; i += AT_ONCE) {
      await Promise.all(
        names.slice(i, i + AT_ONCE).map(async (name) => {
          const document = this.#streams.get(name);
          if (document !== undefined) await upsert(this.#options.collection, name, document);
          if (this.#streams.get(name) === document) this.#changed.delete(name);
        }),
      );
    }
  }

  #born({ domain, node, birth }: ConsumerNode): void {
    if (birth === null) return;
    const now = this.#options.clock();
    for (const sensor of birth.sensors) {
      const stream = { domain, node, sensor: sensor.id };
      const name = streamName(stream);
      const known = this.#streams.get(name);
      const document = fromBirth(stream, sensor, known?.since ?? now);
      if (JSON.stringify(known) !== JSON.stringify(document)) this.#put(name, document);
    }
    const sensors = new Set(birth.sensors.map(({ id }) => id));
    this.#retireSome({ domain, node }, ({ sensor, source }) => source === "birth" && !sensors.has(sensor));
  }

  #retire({ domain, node }: Pick<Stream, "domain" | "node">): void {
    this.#retireSome({ domain, node }, () => true);
  }

  #retireSome(
    { domain, node }: Pick<Stream, "domain" | "node">,
    which: (document: StreamDocument) => boolean,
  ): void {
    const retiredAt = this.#options.clock();
    for (const name of this.#nodes.get(`${domain}/${node}`) ?? []) {
      const document = this.#streams.get(name);
      if (document === undefined || document.retiredAt !== undefined) continue;
      if (which(document)) this.#put(name, { ...document, retiredAt });
    }
  }

  #put(name: string, document: StreamDocument): void {
    this.#know(name, document);
    this.#changed.add(name);
  }

  #know(name: string, document: StreamDocument): void {
    this.#streams.set(name, document);
    const node = `${document.domain}/${document.node}`;
    const names = this.#nodes.get(node);
    if (names === undefined) this.#nodes.set(node, new Set([name]));
    else names.add(name);
  }

  #view(name: string, { domain, node, sensor, label, unit, valueType }: StreamDocument): HistoryStream {
    return {
      stream: name,
      domain,
      node,
      sensor,
      ...(label === undefined ? {} : { label }),
      unit,
      valueType,
      ...(this.#amounts.get(name) ?? NOTHING),
    };
  }

  #refreshSoon(): void {
    if (this.#options.clock() - this.#refreshedAt < REFRESH_MS) return;
    this.#refresh().catch((error: unknown) => {
      // The store is away: what is known stays, and it is asked again.
      this.#options.log.debug({ err: error }, "sizes of streams not read");
    });
  }

  async #refresh(): Promise<void> {
    this.#refreshedAt = this.#options.clock();
    const found = await this.#options.series.streams();
    const names = new Set(found.map(({ stream }) => stream));
    for (const { stream, readings, from, to, bytes } of found)
      this.#amounts.set(stream, { readings, from, to, bytes });
    for (const name of this.#amounts.keys()) if (!names.has(name)) this.#amounts.delete(name);
    for (const name of names) {
      // Nobody told of it: a store that was restored from another's.
      const newest = this.#streams.has(name) ? undefined : await this.#options.series.latest(name);
      if (newest !== undefined) this.imported(name, newest);
    }
  }
}
