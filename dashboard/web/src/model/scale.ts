/** Range of a vertical axis. */
export interface Extent {
  min: number;
  max: number;
}

export interface Axis extends Extent {
  /** Distance of its grid lines. */
  step: number;
}

/**
 * A limit may stretch the axis until the data has this part of it left; one further away is only named at the
 * edge. `limits`: how far it is to the limits; `data`: how the data moves.
 */
export type Fit = "limits" | "data";
const LEAST_SHARE: Record<Fit, number> = { limits: 1 / 400, data: 1 / 4 };

/**
 * The axis for data between `min` and `max`: room above and below, ends on round numbers so that it does not
 * move with every reading, limits inside where that leaves the data room. Sensor noise is not blown up to the
 * whole height: the axis covers at least 2 % of the value's size. `bounds` are what the sensor can measure.
 */
export function axisFor(
  data: Extent,
  limits: readonly number[],
  bounds: { min?: number; max?: number } = {},
  fit: Fit = "limits",
): Axis {
  if (!(data.min <= data.max)) {
    return limits.length > 0
      ? axisFor({ min: Math.min(...limits), max: Math.max(...limits) }, [])
      : { min: 0, max: 1, step: 1 };
  }
  let { min, max } = data;
  const least = Math.max(Math.abs(min), Math.abs(max)) * 0.02 || 1;
  if (max - min < least) {
    const middle = (max + min) / 2;
    min = middle - least / 2;
    max = middle + least / 2;
  }
  const span = max - min;
  for (const limit of [...limits].sort((a, b) => distance(a, data) - distance(b, data))) {
    const low = Math.min(min, limit);
    const high = Math.max(max, limit);
    if (span / (high - low) >= LEAST_SHARE[fit]) {
      min = low;
      max = high;
    }
  }
  const room = (max - min) * 0.08;
  const step = roundStep((max - min + 2 * room) / 6);
  let low = Math.floor((min - room) / step) * step;
  let high = Math.ceil((max + room) / step) * step;
  // Room below 0 % or 0 B would promise values that cannot be; data outside its range is shown all the same.
  if (bounds.min !== undefined && low < bounds.min && data.min >= bounds.min) low = bounds.min;
  if (bounds.max !== undefined && high > bounds.max && data.max <= bounds.max) high = bounds.max;
  if (low >= high) high = low + step;
  return { min: tidy(low), max: tidy(high), step: tidy(step) };
}

function distance(limit: number, data: Extent): number {
  return limit < data.min ? data.min - limit : limit > data.max ? limit - data.max : 0;
}

/** 1, 2 or 5 times a power of ten, at least `size`. */
export function roundStep(size: number): number {
  const power = 10 ** Math.floor(Math.log10(size));
  const factor = size / power;
  return (factor <= 1 ? 1 : factor <= 2 ? 2 : factor <= 5 ? 5 : 10) * power;
}

/** 0.1 + 0.2 is 0.3 on an axis. */
function tidy(value: number): number {
  return Number(value.toPrecision(12));
}
