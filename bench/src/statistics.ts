/** Middle value of the samples (mean of the two middle ones of an even count); NaN of none. */
export function median(samples: readonly number[]): number {
  return percentile(samples, 50);
}

/** Linear interpolation between closest ranks; `p` from 0 to 100. NaN of no samples. */
export function percentile(samples: readonly number[], p: number): number {
  const sorted = Float64Array.from(samples).sort();
  if (sorted.length === 0) return Number.NaN;
  const rank = (p / 100) * (sorted.length - 1);
  const low = sorted[Math.floor(rank)] ?? Number.NaN;
  const high = sorted[Math.ceil(rank)] ?? Number.NaN;
  return low + (high - low) * (rank - Math.floor(rank));
}

/** "12.3 (11.9–14.0)": the median and, in brackets, the least and the greatest. */
export function spread(samples: readonly number[], digits = 1): string {
  if (samples.length === 0) return "–";
  const show = (value: number) => value.toFixed(digits);
  if (samples.length === 1) return show(samples[0] ?? Number.NaN);
  return `${show(median(samples))} (${show(Math.min(...samples))}–${show(Math.max(...samples))})`;
}
