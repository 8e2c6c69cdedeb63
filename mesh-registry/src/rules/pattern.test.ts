import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compilePattern, MAX_SEARCHED_LENGTH } from "./pattern.js";

function fits(pattern: string, text: string): boolean | undefined {
  const compiled = compilePattern(pattern);
  if (!compiled.ok) throw new Error(`${pattern}: ${compiled.detail}`);
  return compiled.value.fits(text);
}

const atom = fc.constantFrom(
  "a",
  "b",
  "é",
  "😀",
  ".",
  "\\d",
  "\\W",
  "\\s",
  "\\.",
  "[ab]",
  "[^a]",
  "[0-9_-]",
  "^",
  "$",
);
const quantifier = fc.constantFrom("", "", "*", "+", "?", "{2}", "{0}", "{1,}", "{0,2}", "+?");
const pattern = fc.letrec<{ pattern: string }>((tie) => ({
  pattern: fc.oneof(
    { maxDepth: 4 },
    fc.tuple(atom, quantifier).map(([a, q]) => (a === "^" || a === "$" ? a : a + q)),
    fc.array(tie("pattern"), { maxLength: 4 }).map((parts) => parts.join("")),
    fc.tuple(tie("pattern"), tie("pattern")).map(([a, b]) => `${a}|${b}`),
    fc
      .tuple(fc.constantFrom("(", "(?:"), tie("pattern"), quantifier)
      .map(([open, p, q]) => `${open}${p})${q}`),
  ),
})).pattern;
const text = fc.string({
  unit: fc.constantFrom("a", "b", "é", "😀", "1", " ", "\n", ".", "-"),
  maxLength: 8,
});

describe("a pattern", () => {
  it("finds what JavaScript's own expressions find", () => {
    fc.assert(
      fc.property(pattern, text, (p, t) => {
        fc.pre(p.length <= 60); // what the pattern writes out to is bounded; see below
        expect(fits(p, t)).toBe(new RegExp(p, "u").test(t));
      }),
      { numRuns: 3_000 },
    );
  });

  it("takes time in proportion to the text where others take for ever", () => {
    const long = "a".repeat(MAX_SEARCHED_LENGTH - 1);
    const before = performance.now();
    expect(fits("^(a+)+$", `${long}b`)).toBe(false);
    expect(fits("^(a|aa)*$", `${long}b`)).toBe(false);
    expect(fits("(.*)(.*)(.*)(.*)(.*)[xy]$", `${long}b`)).toBe(false);
    expect(performance.now() - before).toBeLessThan(5_000); // ms, on a busy machine; the second takes centuries else
    expect(fits("a", `${long}bb`)).toBeUndefined();
  });

  it.each([
    ["(a", 2, '")"'],
    ["a)", 1, '"("'],
    ["[", 1, "more before its end"],
    ["[]", 2, "a character"],
    ["[b-a]", 4, "range"],
    ["*", 0, "\\*"],
    ["^*", 1, "something to repeat"],
    ["a{2,1}", 5, "from 2"],
    ["a{1001}", 6, "up to 1000"],
    ["(?=a)", 2, "(?:…)"],
    ["(a)\\1", 4, "after the backslash"],
    ["((a{100}){100}){100}", 0, "at most 1000 steps"],
    ["((){1000}){1000}", 0, "at most 1000 steps"],
    ["a".repeat(201), 200, "200 characters"],
  ])("that cannot be followed in bounded time, or is none, is refused: %j", (p, at, expected) => {
    const compiled = compilePattern(p);
    expect(compiled).toMatchObject({ ok: false, at });
    expect(compiled.ok ? "" : compiled.detail).toContain(expected);
  });

  it("never throws, and takes nothing that JavaScript does not", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom(...Array.from("ab0()[]{}|*+?^$\\.,-:dwZ")), maxLength: 12 }),
        (p) => {
          if (compilePattern(p).ok) expect(() => new RegExp(p, "u")).not.toThrow();
        },
      ),
      { numRuns: 3_000 },
    );
  });
});
