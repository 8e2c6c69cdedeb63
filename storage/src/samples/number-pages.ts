import type { RangeSet, SeqRange } from "@fieldmesh/protocol";
import type { Sample } from "../series.js";

/**
 * Which numbers of a boot were stored is kept for ever, in pages of so many numbers. In the steady state a page is
 * a single range; at its worst, every second number missing, it is some tens of kilobytes, so that an append never
 * reads or writes more than that for a boot, however long the boot lasts.
 */
export const NUMBERS_PER_PAGE = 65_536;

export function pageOf(seq: number): number {
  return Math.floor(seq / NUMBERS_PER_PAGE);
}

/**
 * Takes those whose number is not in the set yet, adds their numbers to it, and puts them into `fresh`.
 * Of samples with one number the first counts.
 */
export function takeFresh(samples: readonly Sample[], numbers: RangeSet, fresh: Set<Sample>): void {
  for (const sample of samples) {
    if (numbers.add(sample.seq) > 0) fresh.add(sample);
  }
}

/** Joins the ranges of pages, given in the order of their numbers, where one goes on in the next. */
export function joinRanges(ranges: Iterable<SeqRange>): SeqRange[] {
  const joined: SeqRange[] = [];
  for (const [from, to] of ranges) {
    const last = joined.at(-1);
    if (last !== undefined && from <= last[1] + 1)
      joined[joined.length - 1] = [last[0], Math.max(last[1], to)];
    else joined.push([from, to]);
  }
  return joined;
}
