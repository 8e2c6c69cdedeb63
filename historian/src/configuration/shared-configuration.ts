import { type Collection, upsert } from "@fieldmesh/storage";
import type { Configuration } from "./configuration.js";

/** What an administrator put, as text: names of its fields may be patterns of streams, which no store takes. */
export interface SharedDocument {
  version: number;
  text: string;
}

const ADMINISTRATOR = "administrator";

/** Keeps what an administrator put in the store too, for the other historians of it. */
export class SharedConfiguration {
  readonly #configuration: Configuration;
  readonly #collection: Collection<SharedDocument>;
  /** The version that the store is known to have. */
  #shared = 0;

  constructor(configuration: Configuration, collection: Collection<SharedDocument>) {
    this.#configuration = configuration;
    this.#collection = collection;
  }

  /** Takes over what is in the store when it is newer. @throws what the store throws */
  async take(): Promise<void> {
    const kept = await this.#collection.get(ADMINISTRATOR);
    if (kept === undefined) return;
    const { version, text } = kept.document;
    this.#shared = version;
    await this.#configuration.adopt(version, JSON.parse(text));
  }

  /** Puts it into the store when it is newer there. Only by the one that writes. */
  async give(): Promise<void> {
    const { source, version, document } = this.#configuration.own;
    if (source !== "admin" || version <= this.#shared) return;
    await upsert(this.#collection, ADMINISTRATOR, { version, text: JSON.stringify(document) });
    this.#shared = version;
  }
}
