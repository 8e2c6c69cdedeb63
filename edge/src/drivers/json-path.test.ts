import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseJsonPath, readJsonPath } from "./json-path.js";

function read(text: string, json: unknown): unknown {
  const path = parseJsonPath(text);
  return path === undefined ? "not a path" : readJsonPath(json, path);
}

describe("JSON paths", () => {
  it("leads to what devices report", () => {
    expect(read("temperature", { temperature: 21.5 })).toBe(21.5);
    expect(read("StatusSNS.DS18B20.Temperature", { StatusSNS: { DS18B20: { Temperature: 20 } } })).toBe(20);
    expect(read("params.switch:0.apower", { params: { "switch:0": { apower: 7 } } })).toBe(7);
    expect(read("a.b[0].c", { a: { b: [{ c: 1 }] } })).toBe(1);
    expect(read('["a.b"][1]["\\"x"]', { "a.b": [0, { '"x': 2 }] })).toBe(2);
    expect(read("[1][0]", [0, [5]])).toBe(5);
    expect(read("", 5)).toBe(5);
  });

  it("leads nowhere when something is not there, and sees only what is there itself", () => {
    expect(read("a.b", { a: 5 })).toBeUndefined();
    expect(read("a[0]", { a: { 0: "not a list" } })).toBeUndefined();
    expect(read("a[7]", { a: [1] })).toBeUndefined();
    expect(read("constructor.name", {})).toBeUndefined();
    expect(read("__proto__", {})).toBeUndefined();
    expect(read("length", [1])).toBeUndefined();
  });

  it.each([".a", "a.", "a..b", "a[", "a[]", "a[-1]", "a[b]", "a.[0]", "[0]a", 'a["b]', 'a["b"]c', "a]b"])(
    "refuses %s",
    (text) => {
      expect(parseJsonPath(text)).toBeUndefined();
    },
  );

  it("finds whatever was put where it leads", () => {
    const step = fc.oneof(fc.nat({ max: 20 }), fc.string({ minLength: 1 }));
    fc.assert(
      fc.property(fc.array(step, { maxLength: 8 }), fc.integer(), (steps, leaf) => {
        const text = steps
          .map((key, i) => {
            if (typeof key === "number") return `[${key}]`;
            return /[.[\]"]/.test(key) ? `[${JSON.stringify(key)}]` : `${i === 0 ? "" : "."}${key}`;
          })
          .join("");
        const json = steps.reduceRight<unknown>((inner, key) => {
          if (typeof key !== "number")
            return Object.defineProperty({}, key, { value: inner, enumerable: true });
          const list: unknown[] = [];
          list[key] = inner;
          return list;
        }, leaf);
        expect(read(text, json)).toBe(leaf);
      }),
    );
  });

  it("never throws, whatever the text", () => {
    fc.assert(fc.property(fc.string(), (text) => void parseJsonPath(text)));
  });
});
