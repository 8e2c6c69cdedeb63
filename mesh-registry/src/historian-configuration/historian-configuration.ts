import { createHash } from "node:crypto";
import type { Log } from "@fieldmesh/runtime";
import { type Collection, upsert } from "@fieldmesh/storage";
import { type StreamIndex, streamsNamedBy } from "../observe/stream-index.js";
import type { Product } from "../resources/product.js";
import type { Catalogue } from "../store/catalogue.js";
import { entryOf, type StreamEntry } from "./entry.js";
import { type Validity, validityOf } from "./validity.js";

/** The document that historians are served. */
export interface ServedDocument {
  /** Grows with each change of what it says, over restarts, too. */
  version: number;
  /** Of exactly this text. */
  etag: string;
  text: string;
}

/** The version, and what was served as it, to see after a restart whether it is still that. */
export interface DocumentVersion {
  version: number;
  hash: string;
}

export interface HistorianConfigurationOptions {
  catalogue: Pick<Catalogue, "products" | "domains" | "versions" | "newestVersions" | "access">;
  index: StreamIndex;
  collection: Collection<DocumentVersion>;
  log: Log;
}

/** As many as a historian measures. */
const MAX_STREAMS = 50_000;
const ID = "served";
const RETRY_MS = 1_000;

/** The JSON texts of one stream. */
interface Part {
  terms: string | undefined;
  readers: string | undefined;
}

/**
 * What the historian is to hold streams to, and who may read them: made of products, their newest versions and who
 * was let in, kept up stream by stream as these change.
 */
export class HistorianConfiguration {
  readonly #options: HistorianConfigurationOptions;
  /** Of streams of which there is something to say. */
  readonly #parts = new Map<string, Part>();
  readonly #dirty = new Set<string>();
  /** By product; of its newest version. */
  readonly #validity = new Map<string, { version: string; validity: Validity | undefined }>();
  readonly #waiting = new Set<() => void>();
  readonly #stops: (() => void)[] = [];
  #version: DocumentVersion = { version: 0, hash: "" };
  #served: ServedDocument | undefined;
  #running: Promise<void> | undefined;
  #keeping: Promise<void> = Promise.resolve();
  #retry: NodeJS.Timeout | undefined;
  #closed = false;
  #overfull = false;

  constructor(options: HistorianConfigurationOptions) {
    this.#options = options;
  }

  /** Makes the document, and follows what it is made of. @throws what the store throws */
  async start(): Promise<void> {
    const { catalogue, index, collection } = this.#options;
    this.#version = (await collection.get(ID))?.document ?? this.#version;
    this.#stops.push(
      catalogue.products.onChange((_id, now, before) => this.#changed(now?.value, before?.value)),
      catalogue.newestVersions.onVersion((product) => this.#touch(index.streamsOf(product))),
      catalogue.access.onReaders((product) => this.#touch(index.streamsOf(product))),
    );
    for (const stream of index.streams()) this.#dirty.add(stream);
    this.#run();
    await this.current();
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#retry);
    for (const stop of this.#stops) stop();
    this.#wake();
    await this.#running;
    await this.#keeping;
  }

  /** As it is now, everything that was acknowledged included. */
  async current(): Promise<ServedDocument> {
    while (this.#running !== undefined) await this.#running;
    this.#served ??= this.#serve();
    return this.#served;
  }

  /** Answers with it once it is another than this, or the signal aborted. */
  async changed(etag: string, signal: AbortSignal): Promise<ServedDocument> {
    let served = await this.current();
    while (served.etag === etag && !signal.aborted && !this.#closed) {
      await this.#change(signal);
      served = await this.current();
    }
    return served;
  }

  #change(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const end = (): void => {
        signal.removeEventListener("abort", end);
        this.#waiting.delete(end);
        resolve();
      };
      signal.addEventListener("abort", end, { once: true });
      this.#waiting.add(end);
    });
  }

  /** Historians that wait for a change. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** A stream came up that nobody had told of before. */
  heard(stream: string): void {
    this.#touch([stream]);
  }

  #changed(now: Product | undefined, before: Product | undefined): void {
    const { index } = this.#options;
    this.#touch([...streamsNamedBy(now), ...streamsNamedBy(before)]);
    for (const product of saysTheSame(now, before) ? [] : [now, before]) {
      if (product?.outputPorts.some(isWide) === true) this.#touch(index.streamsOfDomain(product.domain));
    }
    if (now === undefined && before !== undefined) this.#validity.delete(before.id);
  }

  #touch(streams: Iterable<string>): void {
    for (const stream of streams) this.#dirty.add(stream);
    if (this.#dirty.size > 0 && !this.#closed) this.#run();
  }

  #run(): void {
    this.#running ??= this.#work().finally(() => {
      this.#running = undefined;
      if (this.#dirty.size > 0 && !this.#closed && this.#retry === undefined) this.#run();
    });
  }

  async #work(): Promise<void> {
    let isOther = false;
    // What changes meanwhile is looked at before anybody is told.
    for (const stream of this.#dirty) {
      this.#dirty.delete(stream);
      try {
        if (await this.#renew(stream)) isOther = true;
      } catch (error) {
        this.#dirty.add(stream);
        this.#tryLater(error);
        break;
      }
    }
    if (!isOther) return;
    this.#served = undefined; // made when somebody asks
    this.#wake();
  }

  #tryLater(error: unknown): void {
    this.#options.log.warn({ err: error }, "the historian's configuration is not up to date: tried again");
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => {
      this.#retry = undefined;
      this.#touch([]);
    }, RETRY_MS).unref();
  }

  /** Answers whether there is something else to say of it now. */
  async #renew(stream: string): Promise<boolean> {
    const before = this.#parts.get(stream);
    const { terms, readers } = await this.#entry(stream);
    if (terms === undefined && readers === undefined) return this.#parts.delete(stream);
    if (before === undefined && this.#parts.size >= MAX_STREAMS) {
      if (!this.#overfull)
        this.#options.log.error({ limit: MAX_STREAMS }, "more streams than a historian measures");
      this.#overfull = true;
      return false;
    }
    const part: Part = {
      terms: terms === undefined ? undefined : JSON.stringify(terms),
      readers: readers === undefined ? undefined : JSON.stringify(readers),
    };
    this.#parts.set(stream, part);
    return part.terms !== before?.terms || part.readers !== before?.readers;
  }

  async #entry(stream: string): Promise<StreamEntry> {
    const { catalogue, index } = this.#options;
    const product = index.governorOf(stream);
    if (product === undefined) return {};
    const version = catalogue.newestVersions.versionOf(product.id);
    const validity = version === undefined ? undefined : await this.#validityOf(product.id, version);
    // It may be another by now: then it is looked at once more, as its change was told.
    const domain = catalogue.domains.find(product.domain)?.value;
    return entryOf({ product, domain, version, validity, readers: catalogue.access.readersOf(product) });
  }

  async #validityOf(product: string, version: string): Promise<Validity | undefined> {
    const known = this.#validity.get(product);
    if (known?.version === version) return known.validity;
    const { schema } = await this.#options.catalogue.versions.get(product, version);
    const validity = validityOf(schema);
    this.#validity.set(product, { version, validity });
    return validity;
  }

  #serve(): ServedDocument {
    const names = [...this.#parts.keys()].sort();
    const list = (field: keyof Part): string =>
      names
        .flatMap((name) => {
          const text = this.#parts.get(name)?.[field];
          return text === undefined ? [] : [`${JSON.stringify(name)}:${text}`];
        })
        .join(",");
    const content = `"streams":{${list("terms")}},"access":{"streams":{${list("readers")}}}`;
    const hash = createHash("sha256").update(content).digest("base64url").slice(0, 22);
    if (hash !== this.#version.hash) {
      this.#version = { version: this.#version.version + 1, hash };
      this.#keeping = this.#keeping.then(() => this.#keepVersion());
    }
    const { version } = this.#version;
    return { version, etag: `"${version}-${hash}"`, text: `{"version":${version},${content}}` };
  }

  /** Nobody waits for this: who was shut out is so at once, also while the store is away. */
  async #keepVersion(): Promise<void> {
    const kept = { ...this.#version };
    try {
      await upsert(this.#options.collection, ID, kept);
    } catch (error) {
      this.#options.log.warn(
        { err: error, ...kept },
        "the version of the historian's configuration is not kept",
      );
    }
  }

  #wake(): void {
    for (const end of this.#waiting) end();
  }
}

function isWide(port: Product["outputPorts"][number]): boolean {
  return port.kind === "mqtt" && /[+#]/.test(port.topicFilter);
}

/** Only what was seen of it is other. */
function saysTheSame(now: Product | undefined, before: Product | undefined): boolean {
  if (now === undefined || before === undefined) return false;
  const { observed: _now, ...one } = now;
  const { observed: _before, ...other } = before;
  return JSON.stringify(one) === JSON.stringify(other);
}
