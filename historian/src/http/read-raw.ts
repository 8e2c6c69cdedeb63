import type { SampleColumns, Series } from "@fieldmesh/storage";

/** Raw readings as a chart takes them. */
export interface RawColumns {
  t: Float64Array;
  /** NaN where quality is bad: the line breaks there. */
  v: Float64Array;
  unit: string | undefined;
  valueType: "number" | "boolean" | undefined;
  bad: number;
}

/**
 * All readings of a range, or undefined as soon as there are more than `max`. Where unit or type change within the
 * range, those of the newest are answered: one axis cannot show two.
 */
export async function readRaw(
  series: Pick<Series, "range">,
  stream: string,
  { from, to, max }: { from: number; to: number; max: number },
): Promise<RawColumns | undefined> {
  const pieces: SampleColumns[] = [];
  let length = 0;
  for await (const piece of series.range(stream, { from, to })) {
    if (piece.length === 0) continue;
    pieces.push(piece);
    length += piece.length;
    if (length > max) return undefined;
  }
  const unit = pieces.at(-1)?.unit;
  const valueType = pieces.findLast((piece) => piece.unit === unit && hasValue(piece))?.valueType;
  const alike = pieces.filter(
    (piece) => piece.unit === unit && (piece.valueType === valueType || !hasValue(piece)),
  );
  const size = alike.reduce((sum, piece) => sum + piece.length, 0);
  const t = new Float64Array(size);
  const v = new Float64Array(size);
  let offset = 0;
  let bad = 0;
  for (const piece of alike) {
    t.set(piece.at.subarray(0, piece.length), offset);
    v.set(piece.value.subarray(0, piece.length), offset);
    for (const { index, quality } of piece.marks) {
      if (quality !== "bad") continue;
      v[offset + index] = Number.NaN;
      bad++;
    }
    offset += piece.length;
  }
  return { t, v, unit, valueType, bad };
}

/** A stretch of nothing but bad readings is of no type, whatever it says. */
function hasValue({ value, length }: SampleColumns): boolean {
  for (let i = 0; i < length; i++) if (!Number.isNaN(value[i])) return true;
  return false;
}
