import type { Range } from "../model/time-view.js";

/**
 * History is asked for in tiles: stretches whose lengths are powers of two and whose edges are multiples of their
 * length, so that panning and coming back asks for nothing twice, whatever the width of the screen.
 */
export interface Tile extends Range {
  /** Edge length, ms. */
  lengthMs: number;
}

/** Readings asked for per tile: two a pixel on most screens when a view is two to four tiles. */
export const TILE_POINTS = 2_000;
/** Two points a pixel keep the lowest and the highest reading of every column. */
const POINTS_PER_PIXEL = 2;
const UNIT_MS = 1_000; // ms
const LARGEST = 30; // 2^30 s are 34 years
const SMALLEST = 1;

/** Length of the tiles that give a view of that length at least two points a pixel, ms. */
export function tileLength(spanMs: number, widthPx: number): number {
  const wanted = (TILE_POINTS * spanMs) / (POINTS_PER_PIXEL * Math.max(1, widthPx)) / UNIT_MS;
  const power = Math.floor(Math.log2(Math.max(1, wanted)));
  return UNIT_MS * 2 ** Math.min(LARGEST, Math.max(SMALLEST, power));
}

/** The tiles of that length that touch a range, from left to right. */
export function tilesOver(range: Range, lengthMs: number): Tile[] {
  const tiles: Tile[] = [];
  const first = Math.floor(range.from / lengthMs);
  for (let i = first; i * lengthMs < range.to; i++) {
    tiles.push({ from: i * lengthMs, to: (i + 1) * lengthMs, lengthMs });
  }
  return tiles;
}

export function tileKey({ from, lengthMs }: Tile): string {
  return `${lengthMs}@${from}`;
}

/** Other lengths whose tiles may stand in while one is on its way: the next coarser first, then finer ones. */
export function standInLengths(lengthMs: number): { coarser: number[]; finer: number[] } {
  const coarser = [1, 2, 3, 4, 5, 6].map((power) => lengthMs * 2 ** power);
  const finer = [1, 2, 3].map((power) => lengthMs / 2 ** power).filter((ms) => ms >= 2 * UNIT_MS);
  return { coarser: coarser.filter((ms) => ms <= UNIT_MS * 2 ** LARGEST), finer };
}
