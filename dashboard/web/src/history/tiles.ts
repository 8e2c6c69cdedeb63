import type { Range } from "../model/time-view.js";

/**
 * History is asked for in tiles: stretches whose edges are multiples of their length, so that panning and coming
 * back asks for nothing twice, whatever the width of the screen.
 */
export interface Tile extends Range {
  /** Edge length, ms. */
  lengthMs: number;
}

/** Readings asked for per tile: two a pixel on most screens when a view is two to four tiles. */
export const TILE_POINTS = 2_000;
/** Two points a pixel keep the lowest and the highest reading of every column. */
const POINTS_PER_PIXEL = 2;

const doubled = (unitMs: number, times: number): number[] =>
  Array.from({ length: times }, (_, power) => unitMs * 2 ** power);
/** Each about twice the one before. From an hour on they begin where rollups of an hour do, from a minute on of a minute. */
const LENGTHS_MS = [...doubled(2_000, 5), ...doubled(60_000, 6), ...doubled(3_600_000, 20)]; // up to 59 years

/** Length of the tiles that give a view of that length at least two points a pixel, ms. */
export function tileLength(spanMs: number, widthPx: number): number {
  const most = (TILE_POINTS * spanMs) / (POINTS_PER_PIXEL * Math.max(1, widthPx));
  return LENGTHS_MS.findLast((lengthMs) => lengthMs <= most) ?? LENGTHS_MS[0] ?? most;
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

/** Lengths up and down the ladder that are looked at. */
const COARSER = 6;
const FINER = 3;

/** Tiles that may stand in while one is on its way: one that has all of it, the finest first, else pieces of it. */
export function standIns(tile: Tile): { coarser: Tile[]; finer: Tile[][] } {
  const at = LENGTHS_MS.indexOf(tile.lengthMs);
  const coarser = LENGTHS_MS.slice(at + 1, at + 1 + COARSER).flatMap((lengthMs) => {
    const [only, ...others] = tilesOver(tile, lengthMs);
    return only === undefined || others.length > 0 ? [] : [only];
  });
  const finer = LENGTHS_MS.slice(Math.max(0, at - FINER), at)
    .reverse()
    .map((lengthMs) => tilesOver(tile, lengthMs));
  return { coarser, finer };
}
