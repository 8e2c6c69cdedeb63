import { describe, expect, it } from "vitest";
import { fitsFilter } from "./topic-filter.js";

describe("a topic filter", () => {
  it.each([
    ["env/a/b/raw", "env/a/b/raw", true],
    ["env/+/b/raw", "env/a/b/raw", true],
    ["env/+/raw", "env/a/b/raw", false],
    ["env/#", "env/a/b/raw", true],
    ["env/a/b/raw/#", "env/a/b/raw", true],
    ["#", "env/a/b/raw", true],
    ["env/a", "env/a/b/raw", false],
    ["env/a/b/raw/x", "env/a/b/raw", false],
  ])("%s and %s: %s", (filter, topic, fits) => expect(fitsFilter(filter, topic)).toBe(fits));
});
