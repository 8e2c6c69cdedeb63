import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openSeries, type Sample, type SampleColumns } from "@fieldmesh/storage";
import { open } from "lmdb";

/** A store of readings under measurement, in a folder of its own. */
export interface Store {
  readonly name: string;
  /** Resolves when the readings are safe on the medium. */
  append(batch: ReadonlyMap<string, readonly Sample[]>): Promise<void>;
  /** All of a stream, as columns. */
  read(stream: string): Promise<SampleColumns[]>;
  /** Bytes of the file that hold readings. */
  bytes(): Promise<number>;
  reopen(): Promise<void>;
  /** Ends it and removes its folder. */
  remove(): Promise<void>;
}

const silent = { info: () => {}, warn: () => {} };

/** The embedded series of Fieldmesh. */
export async function fieldmeshStore(): Promise<Store> {
  const folder = mkdtempSync(join(tmpdir(), "fieldmesh-bench-series-"));
  const address = { kind: "folder", path: folder } as const;
  const openHere = () => openSeries({ address, service: "bench", log: silent });
  let series = await openHere();
  return {
    name: "Fieldmesh, embedded",
    append: async (batch) => void (await series.append(batch)),
    read: async (stream) => {
      const found: SampleColumns[] = [];
      for await (const columns of series.range(stream, { from: 0, to: 8e15 })) found.push(columns);
      return found;
    },
    bytes: async () => (await series.sizes()).raw.bytes,
    reopen: async () => {
      await series.close();
      series = await openHere();
    },
    remove: async () => {
      await series.close();
      rmSync(folder, { recursive: true });
    },
  };
}

/** The same database without blocks: an entry a reading, idempotent by its key, as LMDB's package writes it. */
export async function plainStore(): Promise<Store> {
  const folder = mkdtempSync(join(tmpdir(), "fieldmesh-bench-plain-"));
  const file = join(folder, "plain.mdb");
  const openHere = () =>
    open<object, [string, number, number, number]>({ path: file, overlappingSync: false });
  let database = openHere();
  return {
    name: "LMDB, an entry a reading",
    append: async (batch) => {
      await database.transaction(() => {
        for (const [stream, samples] of batch) {
          for (const { at, boot, seq, timestamp, value, unit } of samples) {
            void database.put([stream, at, boot, seq], { timestamp, value, unit });
          }
        }
      });
    },
    read: (stream) => {
      const at: number[] = [];
      const value: number[] = [];
      const range = database.getRange({ start: [stream, 0, 0, 0], end: [stream, 8e15, 0, 0] });
      for (const entry of range) {
        at.push(entry.key[1]);
        value.push(Number((entry.value as { value: number }).value));
      }
      return Promise.resolve([columnsOf(at, value)]);
    },
    bytes: () => Promise.resolve(statSync(file).size),
    reopen: async () => {
      await database.close();
      database = openHere();
    },
    remove: async () => {
      await database.close();
      rmSync(folder, { recursive: true });
    },
  };
}

function columnsOf(at: readonly number[], value: readonly number[]): SampleColumns {
  const none = new Float64Array();
  return {
    length: at.length,
    at: Float64Array.from(at),
    value: Float64Array.from(value),
    timestamp: none,
    boot: none,
    seq: none,
    unit: "",
    valueType: "number",
    marks: [],
  };
}
