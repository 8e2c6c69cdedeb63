import { RangeSet, type SeqRange } from "@fieldmesh/protocol";
import { ByteReader } from "../../codec/byte-reader.js";
import { ByteWriter } from "../../codec/byte-writer.js";
import { joinRanges, NUMBERS_PER_PAGE, pageOf, takeFresh } from "../../samples/number-pages.js";
import type { Sample } from "../../series.js";
import type { SeriesDatabases } from "./series-databases.js";
import { numbersBoot, numbersEnd, numbersKey, numbersPage, streamEnd, streamKey } from "./series-keys.js";

const FORMAT = 1;

/** Within a transaction: puts those into `fresh` whose number was not stored yet, and stores their numbers. */
export function storeNumbers(
  { numbers }: SeriesDatabases,
  id: number,
  samples: readonly Sample[],
  fresh: Set<Sample>,
): void {
  for (const page of pagesOf(samples)) {
    const first = page[0];
    if (first === undefined) continue;
    const key = numbersKey(id, first.boot, pageOf(first.seq));
    const start = pageOf(first.seq) * NUMBERS_PER_PAGE;
    const set = decodePage(numbers.get(key), start);
    const before = set.count;
    takeFresh(page, set, fresh);
    if (set.count > before) void numbers.put(key, encodePage(set, start));
  }
}

/** Within a transaction: counts those of the numbers `from` to `to` as stored that are of the page. */
export function addNumbers(
  { numbers }: SeriesDatabases,
  id: number,
  boot: number,
  page: number,
  from: number,
  to: number,
): void {
  const key = numbersKey(id, boot, page);
  const start = page * NUMBERS_PER_PAGE;
  const set = decodePage(numbers.get(key), start);
  set.add(Math.max(from, start), Math.min(to, start + NUMBERS_PER_PAGE - 1));
  void numbers.put(key, encodePage(set, start));
}

export function readNumbers({ numbers }: SeriesDatabases, id: number, boot: number): SeqRange[] {
  const ranges: SeqRange[] = [];
  const range = { start: numbersKey(id, boot, 0), end: numbersEnd(id, boot) };
  for (const { key, value } of numbers.getRange(range)) {
    ranges.push(...decodePage(value, numbersPage(key) * NUMBERS_PER_PAGE).ranges());
  }
  return joinRanges(ranges);
}

/** Boots with accounting, ascending. One step for each, not for each page. */
export function readBoots({ numbers }: SeriesDatabases, id: number): number[] {
  const boots: number[] = [];
  for (let start = streamKey(id); ; ) {
    const [key] = numbers.getKeys({ start, end: streamEnd(id), limit: 1 });
    if (key === undefined) return boots;
    const boot = numbersBoot(key);
    boots.push(boot);
    start = numbersEnd(id, boot);
  }
}

/** Samples by boot and page; nearly always they are of one. */
function pagesOf(samples: readonly Sample[]): Iterable<Sample[]> {
  const pages = new Map<number, Map<number, Sample[]>>();
  for (const sample of samples) {
    let boot = pages.get(sample.boot);
    if (boot === undefined) {
      boot = new Map();
      pages.set(sample.boot, boot);
    }
    const page = boot.get(pageOf(sample.seq));
    if (page === undefined) boot.set(pageOf(sample.seq), [sample]);
    else page.push(sample);
  }
  return [...pages.values()].flatMap((boot) => [...boot.values()]);
}

/** Format, then of each range how far it is from the one before, and its length. */
export function encodePage(set: RangeSet, start: number): Buffer {
  const writer = new ByteWriter();
  writer.byte(FORMAT);
  let end = start;
  for (const [from, to] of set.ranges()) {
    writer.unsigned(from - end);
    writer.unsigned(to - from);
    end = to;
  }
  return writer.done();
}

/** @throws RangeError when it is of a later format, or not what was written. */
export function decodePage(bytes: Buffer | undefined, start: number): RangeSet {
  const set = new RangeSet();
  if (bytes === undefined) return set;
  const reader = new ByteReader(bytes);
  const format = reader.byte();
  if (format !== FORMAT) throw new RangeError(`stored numbers have format ${format}, from a later version`);
  let end = start;
  while (reader.left > 0) {
    const from = end + reader.unsigned();
    end = from + reader.unsigned();
    set.add(from, end);
  }
  return set;
}
