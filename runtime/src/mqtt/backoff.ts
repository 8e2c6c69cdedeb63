const FIRST_MS = 250;
const FACTOR = 2;
const MAX_MS = 15_000;

/**
 * How long to wait before connecting again after `failures` failures in a row: 0.25 s doubling to 15 s, of
 * which a random half is taken off so that a thousand nodes do not come back at one moment.
 */
export function backoffMs(failures: number, random: () => number = Math.random): number {
  const full = Math.min(MAX_MS, FIRST_MS * FACTOR ** Math.min(failures, 20));
  return Math.round(full * (0.5 + random() / 2));
}
