import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { standIns, TILE_POINTS, tileLength, tilesOver } from "./tiles.js";

const spans = fc.integer({ min: 2_000, max: 5 * 366 * 86_400_000 });
const widths = fc.integer({ min: 200, max: 3_800 });

describe("tiles", () => {
  it("give two points a pixel or more, in few requests", () => {
    fc.assert(
      fc.property(spans, widths, (spanMs, width) => {
        const lengthMs = tileLength(spanMs, width);
        const pointsPerPixel = (TILE_POINTS * spanMs) / lengthMs / width;
        // The shortest tiles hold more readings a second than anyone can see.
        if (lengthMs > 2_000) expect(pointsPerPixel).toBeGreaterThanOrEqual(1.999);
        expect(pointsPerPixel).toBeLessThan(lengthMs > 2_000 ? 4.01 : Number.POSITIVE_INFINITY);
        const tiles = tilesOver({ from: 1_763_640_000_123, to: 1_763_640_000_123 + spanMs }, lengthMs);
        expect(tiles.length).toBeLessThanOrEqual(Math.ceil((4.01 * width) / TILE_POINTS) + 2);
      }),
    );
  });

  it("cover a range without holes, and are the same ones wherever it begins", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2e12 }), spans, widths, (from, spanMs, width) => {
        const lengthMs = tileLength(spanMs, width);
        const range = { from, to: from + spanMs };
        const tiles = tilesOver(range, lengthMs);
        expect(tiles[0]?.from).toBeLessThanOrEqual(range.from);
        expect(tiles.at(-1)?.to).toBeGreaterThanOrEqual(range.to);
        for (const [i, tile] of tiles.entries()) {
          expect(tile.from % lengthMs).toBe(0);
          expect(tile.to - tile.from).toBe(lengthMs);
          if (i > 0) expect(tile.from).toBe(tiles[i - 1]?.to);
          expect(tile.from).toBeLessThan(range.to);
          expect(tile.to).toBeGreaterThan(range.from);
        }
      }),
    );
  });

  it("are none for what lies wholly in the live window", () => {
    expect(tilesOver({ from: 5_000, to: 4_000 }, 1_000)).toEqual([]);
  });

  it("begin where rollups begin", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2e12 }), spans, widths, (from, spanMs, width) => {
        const lengthMs = tileLength(spanMs, width);
        const rollupMs = lengthMs >= 3_600_000 ? 3_600_000 : lengthMs >= 60_000 ? 60_000 : 1_000;
        for (const tile of tilesOver({ from, to: from + spanMs }, lengthMs))
          expect(tile.from % rollupMs).toBe(0);
      }),
    );
  });

  it("have stand-ins that hold all of them, or are pieces of them", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2e12 }), spans, widths, (from, spanMs, width) => {
        const [tile] = tilesOver({ from, to: from + spanMs }, tileLength(spanMs, width));
        if (tile === undefined) throw new Error("there is a tile");
        const { coarser, finer } = standIns(tile);
        expect(coarser.length).toBeGreaterThan(0);
        for (const standIn of coarser) {
          expect(standIn.from).toBeLessThanOrEqual(tile.from);
          expect(standIn.to).toBeGreaterThanOrEqual(tile.to);
        }
        for (const parts of finer) {
          expect(parts[0]?.from).toBeLessThanOrEqual(tile.from);
          expect(parts.at(-1)?.to).toBeGreaterThanOrEqual(tile.to);
        }
      }),
    );
  });
});
