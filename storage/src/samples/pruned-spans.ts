import type { RangeSet, SeqRange } from "@fieldmesh/protocol";

/** So many mean intervals without a reading are a gap, which a later import may fill. */
const GAP_INTERVALS = 4;

/**
 * What stands for pruned readings without accounting (boot 0), whose number is their time: not each number, which
 * would cost as much as the readings, but the stretches of time within which a pruned block had them without a
 * gap. A reading of boot 0 whose number lies in one counts as stored, so that importing a file again adds nothing
 * to what was pruned; a late one between two pruned ones is taken for a duplicate too.
 * @param seqs numbers of a pruned block, of boot 0 only, in any order
 */
export function addPrunedSpans(spans: RangeSet, seqs: readonly number[]): void {
  const sorted = [...seqs].sort((a, b) => a - b);
  const first = sorted[0];
  const last = sorted.at(-1);
  if (first === undefined || last === undefined) return;
  const gap = GAP_INTERVALS * Math.max(1, (last - first) / Math.max(1, sorted.length - 1));
  // The stretch before goes on where no gap lies between.
  let from = nearestBefore(spans.ranges(), first, gap) ?? first;
  let to = first;
  for (const seq of sorted) {
    if (seq - to > gap) {
      spans.add(from, to);
      from = seq;
    }
    to = seq;
  }
  spans.add(from, to);
}

function nearestBefore(ranges: readonly SeqRange[], seq: number, gap: number): number | undefined {
  for (const [, to] of ranges) if (to < seq && seq - to <= gap) return to;
  return undefined;
}
