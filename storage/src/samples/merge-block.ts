import type { Sample } from "../series.js";
import { cutStretches } from "./sample-columns.js";
import { comparePositions } from "./sample-order.js";

/** Readings in one block at most: what one read of the store decodes, and one late reading rewrites. */
export const MAX_BLOCK = 1_024;

/**
 * Puts late samples into the samples of a block and cuts the result into blocks: of one unit and type each, at
 * most 1,024. Where it grew at its end the first ones are full, so that a backfill leaves full blocks behind it;
 * where it grew inside, the pieces are of equal size, so that the next late ones find room.
 */
export function mergeBlock(block: readonly Sample[], late: readonly Sample[]): Sample[][] {
  const merged = [...block, ...late].sort(comparePositions);
  const end = block.at(-1);
  const grewAtEnd = end === undefined || late.every((sample) => comparePositions(sample, end) > 0);
  return cutStretches(merged).flatMap((stretch) => cutBlocks(stretch, grewAtEnd));
}

function cutBlocks(stretch: readonly Sample[], fill: boolean): Sample[][] {
  const pieces = Math.ceil(stretch.length / MAX_BLOCK);
  const size = fill ? MAX_BLOCK : Math.ceil(stretch.length / pieces);
  return Array.from({ length: pieces }, (_, n) => stretch.slice(n * size, (n + 1) * size));
}
