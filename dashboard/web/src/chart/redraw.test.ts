import { expect, it } from "vitest";
import { pixelMs } from "./redraw.js";

it.each([
  [300_000, 600, 500, "when a pixel has passed"],
  [60_000, 230, 200, "five times a second where a pixel passes about as often"],
  [30_000, 1300, 200, "not more than five times a second"],
  [3_600_000, 300, 1_000, "at least once a second"],
  [60_000, 0, 1_000, "before it has a width"],
])("draws a window of %d ms on %d px every %d ms: %s", (windowMs, widthPx, every) => {
  expect(pixelMs(windowMs, widthPx)).toBe(every);
});
