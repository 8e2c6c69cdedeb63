const FIRST_MS = 250;
const FACTOR = 2;
/** A thousand nodes that wait 4 to 8 s are 250 attempts a second; whoever comes back is not kept waiting longer. */
const MAX_MS = 8_000;
/**
 * A connection that held this long was a good one: the next loss starts with a short wait again. Two clients of
 * one name, or a broker that drops whom it has just accepted, stay below it and wait longer and longer.
 */
const STABLE_MS = 2_000;

/**
 * How long to wait before connecting again after `failures` failures in a row: 0.25 s doubling to 8 s, of
 * which a random half is taken off so that a thousand nodes do not come back at one moment.
 */
export function backoffMs(failures: number, random: () => number = Math.random): number {
  const full = Math.min(MAX_MS, FIRST_MS * FACTOR ** Math.min(failures, 20));
  return Math.round(full * (0.5 + random() / 2));
}

/** Failures in a row after an attempt whose connection held for `heldMs`; undefined: it was not accepted. */
export function failuresAfter(failures: number, heldMs: number | undefined): number {
  return heldMs === undefined || heldMs < STABLE_MS ? failures + 1 : 0;
}
