/** A line to be drawn: point `i` is (`t[i]`, `v[i]`). Ascending by time; NaN is a break. */
export interface Line {
  t: Float64Array;
  v: Float64Array;
}

export function everyIndex(length: number): Uint32Array {
  const indices = new Uint32Array(length);
  for (let i = 0; i < length; i++) indices[i] = i;
  return indices;
}

/** What stands at these indices. */
export function pick(column: Float64Array, indices: Uint32Array): Float64Array {
  const picked = new Float64Array(indices.length);
  for (let i = 0; i < indices.length; i++) picked[i] = column[indices[i] ?? 0] ?? Number.NaN;
  return picked;
}
