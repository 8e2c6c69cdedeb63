import { decodeBlock } from "../codec/block.js";
import { decodeRollups } from "../codec/rollup-group.js";
import type { Stored } from "../collection.js";
import type { RestorableCollection } from "../restorable.js";
import { toSamples } from "../samples/sample-columns.js";
import type { Sample } from "../series.js";
import { BackupError, type BackupLine } from "./backup-lines.js";
import type { ServicePart, StorePlace } from "./store-place.js";
import type { Progress } from "./write-backup.js";

/** What is written at once. */
const MAX_DOCUMENTS = 200;
const MAX_READINGS = 16_384;
/** Streams from one word of progress to the next. */
const STREAMS_PER_WORD = 100;

/** Writes the lines of a backup into a store, service by service. */
export class LineRestore {
  readonly #place: StorePlace;
  readonly #progress: Progress;
  #service = "";
  #part: ServicePart | undefined;
  #collection: RestorableCollection<object> | undefined;
  #stream = "";
  #streams = 0;
  #documents: Stored<object>[] = [];
  #readings: Sample[] = [];

  constructor(place: StorePlace, progress: Progress) {
    this.#place = place;
    this.#progress = progress;
  }

  async take(line: BackupLine): Promise<void> {
    switch (line.kind) {
      case "service":
        await this.close();
        this.#service = line.service;
        this.#part = await this.#place.write(line.service);
        return;
      case "collection":
        await this.#flush();
        this.#progress(`${this.#service}: ${line.collection}`);
        this.#collection = await this.#open().storage.collection<object>(line.collection, line.indexes);
        return;
      case "document":
        this.#documents.push({ id: line.id, version: line.version, document: line.document });
        if (this.#documents.length >= MAX_DOCUMENTS) await this.#flush();
        return;
      case "stream":
        await this.#flush();
        this.#stream = line.stream;
        this.#streams += 1;
        if (this.#streams % STREAMS_PER_WORD === 0)
          this.#progress(`${this.#service}: ${this.#streams} streams`);
        return;
      case "readings":
        this.#readings.push(...toSamples(decodeBlock(Buffer.from(line.block, "base64"))));
        if (this.#readings.length >= MAX_READINGS) await this.#flush();
        return;
      case "rollups": {
        const rows = decodeRollups(line.level, Buffer.from(line.rows, "base64"));
        await this.#open().series.putRollups(line.level, new Map([[this.#stream, rows]]));
        return;
      }
      case "numbers":
        await this.#flush();
        await this.#open().series.markStored(this.#stream, line.boot, line.ranges);
        return;
      case "fieldmesh-backup":
      case "end":
        return;
    }
  }

  /** Writes what is left, and lets go of the service that was written last. */
  async close(): Promise<void> {
    const part = this.#part;
    if (part === undefined) return;
    try {
      await this.#flush();
    } finally {
      this.#part = undefined;
      this.#collection = undefined;
      await part.close();
    }
  }

  async #flush(): Promise<void> {
    const documents = this.#documents;
    const readings = this.#readings;
    this.#documents = [];
    this.#readings = [];
    if (documents.length > 0) await this.#collection?.restore(documents);
    if (readings.length > 0) await this.#open().series.append(new Map([[this.#stream, readings]]));
  }

  #open(): ServicePart {
    if (this.#part === undefined) throw new BackupError("the backup names no service before what is in it");
    return this.#part;
  }
}
