/** 32-bit FNV-1a of a text: the seed of a sensor that names none. */
export function seedOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i += 1) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}

/**
 * Noise without state: the same seed, channel and index give the same number in [0, 1), whoever asks and in
 * whatever order, so that a simulated sensor is a function of time. (Two rounds of the murmur3 finaliser.)
 */
export function uniform(seed: number, channel: number, index: number): number {
  let h = mix(Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(channel + 1, 0xc2b2ae35));
  h = mix(h ^ Math.imul(index | 0, 0x27d4eb2f) ^ Math.floor(index / 2 ** 32));
  return (h >>> 0) / 2 ** 32;
}

function mix(value: number): number {
  let h = value;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}

/** Standard normal, by Box and Muller; |result| < 6.7. */
export function gaussian(seed: number, channel: number, index: number): number {
  const radius = Math.sqrt(-2 * Math.log(1 - uniform(seed, channel, index)));
  return radius * Math.cos(2 * Math.PI * uniform(seed, channel + 1, index));
}

/** A smooth wandering in [-1, 1] that turns about every `periodMs`. */
export function wander(seed: number, channel: number, atMs: number, periodMs: number): number {
  const step = Math.floor(atMs / periodMs);
  const from = uniform(seed, channel, step) * 2 - 1;
  const to = uniform(seed, channel, step + 1) * 2 - 1;
  const x = atMs / periodMs - step;
  return from + (to - from) * x * x * (3 - 2 * x);
}
