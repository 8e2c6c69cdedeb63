import { MAX_BLOCK } from "../../samples/merge-block.js";
import type { Sample } from "../../series.js";

/** Late readings wait in the tail until a block of them is worth it. */
const MIN_LATE = MAX_BLOCK / 2;

/**
 * Cuts the newest readings of a stream into blocks and what stays. Readings in time go into full blocks; late ones
 * into blocks of their own, so that those of readings in time do not overlap one another.
 * @param samples by time, more than a tail takes
 * @param sealedTo greatest `at` of a block
 */
export function sealTail(
  samples: readonly Sample[],
  sealedTo: number | null,
): { blocks: Sample[][]; rest: Sample[] } {
  const isLate = ({ at }: Sample) => sealedTo !== null && at < sealedTo;
  let late = samples.filter(isLate);
  let inTime = samples.filter((sample) => !isLate(sample));
  const full = inTime.length - (inTime.length % MAX_BLOCK);
  const blocks = cut(inTime.slice(0, full));
  inTime = inTime.slice(full);
  if (late.length >= MIN_LATE) {
    blocks.push(...cut(late));
    late = [];
  }
  if (late.length + inTime.length > MAX_BLOCK) {
    blocks.push(...cut(inTime)); // the greater part: there are fewer late ones
    inTime = [];
  }
  return { blocks, rest: [...late, ...inTime] };
}

function cut(samples: readonly Sample[]): Sample[][] {
  const pieces = Math.ceil(samples.length / MAX_BLOCK);
  const size = Math.ceil(samples.length / pieces);
  return Array.from({ length: pieces }, (_, n) => samples.slice(n * size, (n + 1) * size));
}
