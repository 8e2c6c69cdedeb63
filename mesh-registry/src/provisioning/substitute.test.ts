import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parse, stringify } from "yaml";
import { composeService } from "./compose-service.js";
import { referencesIn, substitute } from "./substitute.js";

const ref = (name: string): string => `\${${name}}`;
const nasty = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.string(),
  fc.constantFrom(
    "a: b",
    "- x",
    "# no",
    "*a",
    "&a",
    "!!js/function",
    "{a: 1}",
    "yes",
    "0o7",
    "1e3",
    "'\"\n\t",
    "...",
    "---",
    "$x",
    ref("b"),
  ),
);

describe("parameters in a template", () => {
  it("are one value, whatever they hold, also after YAML", () => {
    fc.assert(
      fc.property(nasty, nasty, fc.integer(), (a, b, n) => {
        const data = {
          whole: ref("a"),
          text: `<${ref("a")}|${ref("b")}>`,
          list: [ref("n")],
          [`k-${ref("n")}`]: `$${ref("a")}`,
        };
        const values = new Map<string, string | number>([
          ["a", a],
          ["b", b],
          ["n", n],
        ]);
        const filled = substitute(data, values);
        expect(filled).toEqual({ whole: a, text: `<${a}|${b}>`, list: [n], [`k-${n}`]: ref("a") });
        expect(parse(stringify(filled))).toEqual(filled);
      }),
    );
  });

  it("are all found, and one that there is not is named", () => {
    const data = { a: [ref("x"), { [ref("y")]: `${ref("x")} $${ref("no")}` }], b: 1, c: null };
    expect([...referencesIn(data)].toSorted()).toEqual(["x", "y"]);
    expect(() => substitute(data, new Map([["x", 1]]))).toThrow('no parameter "y"');
    expect(() => substitute({ [ref("x")]: 1, "1": 2 }, new Map([["x", 1]]))).toThrow("two keys become one");
  });
});

describe("a compose service", () => {
  it("says nothing that compose would fill in, but its own image", () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const service = composeService({ environment: { NOTE: text } }, "barn", {
          edge: true,
          credentials: true,
        });
        if (!service.ok) throw new Error(service.detail);
        const { services } = service.document as {
          services: Record<string, { environment: { NOTE: string } }>;
        };
        const { NOTE } = services["edge-barn"]?.environment ?? { NOTE: "" };
        // As compose reads it: $$ is a $, and any other $ would begin a variable.
        expect(NOTE.replaceAll("$$", "").includes("$")).toBe(false);
        expect(NOTE.replaceAll("$$", "$")).toBe(text);
      }),
    );
  });

  it("is refused with what is wrong", () => {
    const has = { edge: false, credentials: false };
    for (const settings of [
      { image: "a b" },
      { image: 1 },
      { environment: [] },
      { environment: { "a b": "1" } },
      { ports: [] },
    ]) {
      expect([settings, composeService(settings, "barn", has).ok]).toEqual([settings, false]);
    }
  });
});
