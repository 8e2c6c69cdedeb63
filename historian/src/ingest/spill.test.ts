import { appendFile, mkdtemp, readdir, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Sample } from "@fieldmesh/storage";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { quiet } from "../testing/quiet.js";
import { type Batch, newBatch } from "./batch.js";
import { Spill } from "./spill.js";
import { decodeRecord, encodeRecord, RECORD_HEAD_BYTES } from "./spill-record.js";

function batchOf(streams: Record<string, Sample[]>): Batch {
  const batch = newBatch();
  for (const [stream, samples] of Object.entries(streams)) {
    batch.streams.set(stream, samples);
    batch.readings += samples.length;
  }
  return batch;
}

function sample(seq: number, more: Partial<Sample> = {}): Sample {
  return { boot: 7, seq, at: 1_000 + seq, timestamp: 1_005 + seq, value: seq / 10, unit: "Cel", ...more };
}

const samples = fc.array(
  fc.record(
    {
      boot: fc.nat(),
      seq: fc.nat(),
      at: fc.double({ noNaN: true }),
      timestamp: fc.integer(),
      value: fc.oneof(fc.double({ noNaN: true }), fc.boolean(), fc.constant(null)),
      unit: fc.constantFrom("Cel", "%RH", "1"),
      quality: fc.constantFrom("uncertain" as const, "bad" as const),
      reason: fc.string(),
    },
    { requiredKeys: ["boot", "seq", "at", "timestamp", "value", "unit"] },
  ),
  { minLength: 1, maxLength: 20 },
);

describe("a record of the spill", () => {
  it("gives back what was put into it", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string({ minLength: 1 }), samples), (streams) => {
        const kept = Object.fromEntries(
          Object.entries(streams).map(([name, some]) => [
            name,
            some.map(({ reason, ...one }) =>
              one.quality === undefined || reason === undefined ? one : { ...one, reason },
            ),
          ]),
        );
        const record = encodeRecord(batchOf(kept));
        const read = decodeRecord(record.subarray(0, RECORD_HEAD_BYTES), record.subarray(RECORD_HEAD_BYTES));
        expect(read).toEqual(batchOf(kept));
      }),
    );
  });

  it("is not one when a bit of it is another", () => {
    const record = encodeRecord(batchOf({ env_a_b: [sample(1), sample(2)] }));
    for (let at = RECORD_HEAD_BYTES; at < record.length; at += 7) {
      const turned = Buffer.from(record);
      turned[at] = (turned[at] ?? 0) ^ 4;
      expect(
        decodeRecord(turned.subarray(0, RECORD_HEAD_BYTES), turned.subarray(RECORD_HEAD_BYTES)),
      ).toBeUndefined();
    }
  });
});

describe("the spill", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "fieldmesh-spill-"));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  const open = (maxBytes?: number) =>
    Spill.open({ folder, log: quiet, ...(maxBytes === undefined ? {} : { maxBytes }) });

  async function drain(spill: Spill): Promise<number[]> {
    const seqs: number[] = [];
    for (let head = await spill.head(1_000); head !== undefined; head = await spill.head(1_000)) {
      for (const some of head.batch.streams.values()) seqs.push(...some.map(({ seq }) => seq));
      await spill.advance(head.place);
    }
    return seqs;
  }

  it("gives back in order what was appended, and leaves no file behind", async () => {
    const { spill } = await open(20_000);
    const expected: number[] = [];
    for (let seq = 1; seq <= 100; seq += 1) {
      await spill.append(batchOf({ env_a_b: [sample(seq)] }));
      expected.push(seq);
    }
    expect((await readdir(folder)).length).toBeGreaterThan(1);
    expect(spill.readings).toBe(100);
    expect(await drain(spill)).toEqual(expected);
    expect({ empty: spill.empty, bytes: spill.bytes, files: await readdir(folder) }).toEqual({
      empty: true,
      bytes: 0,
      files: [],
    });
    await spill.append(batchOf({ env_a_b: [sample(101)] }));
    expect(await drain(spill)).toEqual([101]);
    await spill.close();
  });

  it("is there again after a kill, with the names of what is in it", async () => {
    const { spill } = await open();
    await spill.append(batchOf({ env_a_b: [sample(1), sample(2)], env_a_c: [sample(9, { boot: 8 })] }));
    await spill.append(batchOf({ env_a_b: [sample(3)] }));
    // Not closed: as if it were killed.
    const again = await open();
    expect(again.names).toEqual([
      { stream: "env_a_b", boot: 7, ranges: [[1, 3]] },
      { stream: "env_a_c", boot: 8, ranges: [[9, 9]] },
    ]);
    expect(again.spill.readings).toBe(4);
    expect(await drain(again.spill)).toEqual([1, 2, 3, 9]);
    await again.spill.close();
    await spill.close();
  });

  it("ends where a kill tore a record off, and goes on in a new file", async () => {
    const { spill } = await open();
    await spill.append(batchOf({ env_a_b: [sample(1)] }));
    await spill.append(batchOf({ env_a_b: [sample(2)] }));
    await spill.close();
    const [file = ""] = await readdir(folder);
    const { length } = await readFile(join(folder, file));
    await truncate(join(folder, file), length - 3);
    const again = await open();
    await again.spill.append(batchOf({ env_a_b: [sample(5)] }));
    expect(await drain(again.spill)).toEqual([1, 5]);
    await again.spill.close();
  });

  it("reads past no damage, and takes a torn header for an empty file", async () => {
    await writeFile(join(folder, "0000000001.spill"), "FMSP");
    const { spill, names } = await open();
    expect({ names, files: await readdir(folder) }).toEqual({ names: [], files: [] });
    await spill.append(batchOf({ env_a_b: [sample(1)] }));
    await spill.close();
    const [file = ""] = await readdir(folder);
    await appendFile(join(folder, file), Buffer.alloc(100, 1));
    const again = await open();
    expect(again.names).toEqual([{ stream: "env_a_b", boot: 7, ranges: [[1, 1]] }]);
    await again.spill.close();
  });

  it("refuses a file of a later version by name", async () => {
    const path = join(folder, "0000000003.spill");
    await writeFile(path, Buffer.from("FMSPL\0\u0002\0"));
    await expect(open()).rejects.toThrow(path);
  });

  it("gives up its oldest file by name, but not the one that is being stored", async () => {
    const { spill } = await open(10_000);
    for (let seq = 1; seq <= 50; seq += 1) await spill.append(batchOf({ env_a_b: [sample(seq)] }));
    await spill.head(1);
    const first = await spill.dropOldest();
    expect(first?.names[0]?.ranges[0]?.[0]).toBeGreaterThan(1);
    spill.release();
    const second = await spill.dropOldest();
    expect(second?.names[0]?.ranges[0]?.[0]).toBe(1);
    const gone = [...(first?.names ?? []), ...(second?.names ?? [])].flatMap(({ ranges }) => ranges);
    const left = await drain(spill);
    const given = new Set([...left, ...gone.flatMap(([a, b]) => range(a, b))]);
    expect([...given].sort((a, b) => a - b)).toEqual(range(1, 50));
    expect(left).toHaveLength(50 - (first?.readings ?? 0) - (second?.readings ?? 0));
    await spill.close();
  });
});

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, index) => from + index);
}
