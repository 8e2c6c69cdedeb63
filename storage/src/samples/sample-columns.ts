import type { Sample, SampleColumns } from "../series.js";

/** Cuts ordered samples where the unit or the type of the value changes. One without a value is of either type. */
export function cutStretches(samples: readonly Sample[]): Sample[][] {
  const stretches: Sample[][] = [];
  let stretch: Sample[] = [];
  let unit: string | undefined;
  let type: SampleColumns["valueType"] | undefined;
  for (const sample of samples) {
    const own = typeOf(sample);
    if (sample.unit !== unit || (own !== undefined && type !== undefined && own !== type)) {
      stretch = [];
      stretches.push(stretch);
      unit = sample.unit;
      type = undefined;
    }
    stretch.push(sample);
    type ??= own;
  }
  return stretches;
}

/** Ordered samples of one unit and type side by side. */
export function toColumns(stretch: readonly Sample[]): SampleColumns {
  const length = stretch.length;
  const at = new Float64Array(length);
  const timestamp = new Float64Array(length);
  const value = new Float64Array(length);
  const boot = new Float64Array(length);
  const seq = new Float64Array(length);
  const marks: { index: number; quality: "uncertain" | "bad"; reason?: string }[] = [];
  let valueType: SampleColumns["valueType"] = "number";
  for (let index = 0; index < length; index += 1) {
    const sample = stretch[index];
    if (sample === undefined) break;
    at[index] = sample.at;
    timestamp[index] = sample.timestamp;
    boot[index] = sample.boot;
    seq[index] = sample.seq;
    if (typeof sample.value === "boolean") valueType = "boolean";
    value[index] = sample.value === null ? Number.NaN : Number(sample.value);
    const { quality, reason } = sample;
    if (quality !== undefined)
      marks.push(reason === undefined ? { index, quality } : { index, quality, reason });
  }
  return { length, at, timestamp, value, boot, seq, unit: stretch[0]?.unit ?? "", valueType, marks };
}

/** The inverse: what was kept, one by one. */
export function toSamples(columns: SampleColumns): Sample[] {
  const samples: Sample[] = [];
  const { at, timestamp, value, boot, seq, unit, valueType, marks } = columns;
  let next = 0;
  for (let index = 0; index < columns.length; index += 1) {
    const number = value[index] ?? Number.NaN;
    const sample: Sample = {
      boot: boot[index] ?? 0,
      seq: seq[index] ?? 0,
      at: at[index] ?? 0,
      timestamp: timestamp[index] ?? 0,
      value: Number.isNaN(number) ? null : valueType === "boolean" ? number === 1 : number,
      unit,
    };
    const mark = marks[next];
    if (mark?.index === index) {
      sample.quality = mark.quality;
      if (mark.reason !== undefined) sample.reason = mark.reason;
      next += 1;
    }
    samples.push(sample);
  }
  return samples;
}

/** The columns from index `start` to before `end`; they share memory with those given. */
export function sliceColumns(columns: SampleColumns, start: number, end: number): SampleColumns {
  if (start === 0 && end === columns.length) return columns;
  const marks = columns.marks
    .filter(({ index }) => index >= start && index < end)
    .map((mark) => ({ ...mark, index: mark.index - start }));
  return {
    length: end - start,
    at: columns.at.subarray(start, end),
    timestamp: columns.timestamp.subarray(start, end),
    value: columns.value.subarray(start, end),
    boot: columns.boot.subarray(start, end),
    seq: columns.seq.subarray(start, end),
    unit: columns.unit,
    valueType: columns.valueType,
    marks,
  };
}

/** Index of the first that is at `time` or later. */
export function firstAt(columns: SampleColumns, time: number): number {
  let low = 0;
  let high = columns.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((columns.at[middle] ?? 0) < time) low = middle + 1;
    else high = middle;
  }
  return low;
}

function typeOf({ value }: Sample): SampleColumns["valueType"] | undefined {
  if (value === null) return undefined;
  return typeof value === "boolean" ? "boolean" : "number";
}
