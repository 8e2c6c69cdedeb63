import type { Sample, SampleColumns } from "@fieldmesh/storage";
import { describe, expect, test } from "vitest";
import { stretchesOf } from "../testing/sample-columns.js";
import { readRaw } from "./read-raw.js";

function samples(count: number, value: (i: number) => Sample["value"], unit = "Cel", from = 0): Sample[] {
  return Array.from({ length: count }, (_, i) => {
    const at = from + i;
    const v = value(i);
    return {
      boot: 1,
      seq: at + 1,
      at,
      timestamp: at,
      value: v,
      unit,
      ...(v === null ? { quality: "bad" as const } : {}),
    };
  });
}

const all = { from: 0, to: 1e6, max: 1e6 };

async function read(stretches: readonly SampleColumns[], max = all.max) {
  const range = async function* (): AsyncGenerator<SampleColumns> {
    await Promise.resolve();
    yield* stretches;
  };
  return await readRaw({ range }, "env_a_b", { ...all, max });
}

describe("readRaw", () => {
  test("puts stretches behind one another; what is bad has no value, even where it was sent with one", async () => {
    const [first] = stretchesOf(samples(3, (i) => i));
    const second = stretchesOf(
      samples(3, (i) => 10 + i, "Cel", 3).map((sample, i) =>
        i === 1 ? { ...sample, quality: "bad" as const } : { ...sample, quality: "uncertain" as const },
      ),
    );
    const found = await read(first === undefined ? [] : [first, ...second]);
    expect(found).toMatchObject({ unit: "Cel", valueType: "number", bad: 1 });
    expect([...(found?.t ?? [])]).toEqual([0, 1, 2, 3, 4, 5]);
    expect([...(found?.v ?? [])]).toEqual([0, 1, 2, 10, Number.NaN, 12]);
  });

  test("answers nothing rather than too much", async () => {
    const stretches = stretchesOf(samples(5_000, (i) => i));
    expect(await read(stretches, 4_999)).toBeUndefined();
    expect((await read(stretches, 5_000))?.t.length).toBe(5_000);
    expect(await read([])).toMatchObject({ unit: undefined, valueType: undefined, bad: 0 });
  });

  test("answers the unit and the type of the newest, which bad readings do not have", async () => {
    const changed = stretchesOf([...samples(3, (i) => i, "K"), ...samples(2, (i) => i, "Cel", 3)]);
    const newest = await read(changed);
    expect([newest?.unit, [...(newest?.t ?? [])]]).toEqual(["Cel", [3, 4]]);

    const door = stretchesOf(samples(3, (i) => i % 2 === 0, "1"));
    // A store cannot tell of what type these are, and calls them numbers.
    const broken = stretchesOf(samples(2, () => null, "1", 3));
    const found = await read([...door, ...broken]);
    expect(found).toMatchObject({ valueType: "boolean", bad: 2 });
    expect([...(found?.v ?? [])]).toEqual([1, 0, 1, Number.NaN, Number.NaN]);
    expect(await read(broken)).toMatchObject({ valueType: undefined, bad: 2 });
  });
});
