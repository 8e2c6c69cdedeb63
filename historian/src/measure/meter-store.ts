import type { Collection, Stored } from "@fieldmesh/storage";
import { upsert } from "@fieldmesh/storage";
import {
  type MeasureDocument,
  MeasureVersionError,
  type StreamDocument,
  WATCH_ID,
  type WatchDocument,
} from "./measure-document.js";

/** Documents written at once: enough to share the flushes of a store, few enough to leave others room. */
const WRITES_AT_ONCE = 256;
const PAGE = 1_000;

/** Keeps measurements in a collection, each stream's in a document of its own. */
export class MeterStore {
  readonly #collection: Collection<MeasureDocument>;
  /** Versions of the documents, as last seen. */
  readonly #versions = new Map<string, number>();

  constructor(collection: Collection<MeasureDocument>) {
    this.#collection = collection;
  }

  /** Everything that is kept. @throws MeasureVersionError */
  async *read(): AsyncGenerator<{ id: string; document: MeasureDocument }> {
    let after: string | undefined;
    do {
      const page = await this.#collection.find({ index: "id", limit: PAGE, after });
      for (const { id, version, document } of page.items) {
        if (document.v !== 1) throw new MeasureVersionError(id, (document as { v: unknown }).v);
        this.#versions.set(id, version);
        yield { id, document };
      }
      after = page.next;
    } while (after !== undefined);
  }

  /**
   * Writes one document per item; what it holds is asked for when its turn comes. Stops at the first failure.
   * @param begin returns the document
   * @param failed this one, or one that was begun beside it, was not written
   */
  async write<T>(
    items: Iterable<T>,
    begin: (item: T) => { id: string; document: StreamDocument },
    failed: (item: T) => void,
  ): Promise<void> {
    const queue = items[Symbol.iterator]();
    let broken = false;
    const lane = async () => {
      for (let next = queue.next(); !broken && next.done !== true; next = queue.next()) {
        const { id, document } = begin(next.value);
        try {
          await this.#put(id, document);
        } catch (error) {
          broken = true;
          failed(next.value);
          throw error;
        }
      }
    };
    const lanes = await Promise.allSettled(Array.from({ length: WRITES_AT_ONCE }, lane));
    const broke = lanes.find((settled) => settled.status === "rejected");
    if (broke !== undefined) throw broke.reason;
  }

  async watched(until: number): Promise<void> {
    await this.#put(WATCH_ID, { v: 1, until } satisfies WatchDocument);
  }

  async delete(id: string): Promise<void> {
    this.#versions.delete(id);
    await this.#collection.delete(id);
  }

  async #put(id: string, document: MeasureDocument): Promise<void> {
    const version = this.#versions.get(id);
    let stored: Stored<MeasureDocument> | undefined;
    if (version !== undefined) stored = await this.#collection.replaceIf(id, version, document);
    stored ??= await upsert(this.#collection, id, document);
    this.#versions.set(id, stored.version);
  }
}
