import { isDeepStrictEqual } from "node:util";
import {
  ALONE,
  accepts,
  asObject,
  asSchema,
  type JsonSchema,
  type Kind,
  kindsOf,
  propertiesOf,
  requiredOf,
  type SchemaObject,
  sameSchema,
  TOGETHER,
  valuesOf,
} from "./schema.js";

/** Schemas within one another; deeper ones are not judged. Bounds the recursion. */
const MAX_DEPTH = 50;

/** Why a document that `inner` admits may be one that `outer` refuses. */
export interface Escape {
  /** Where in a document: `$`, `$.value`, `$.sensors[].unit`. */
  path: string;
  keyword: string;
  inner: unknown;
  outer: unknown;
  /** What the document may do, as a clause after "that": `may lack "unit"`. */
  may: string;
  /** False: it cannot be seen from the schemas whether it is so. */
  judged: boolean;
}

/**
 * What lets a document that is valid by `inner` be refused by `outer`; nothing, when each is valid by both.
 * Of an open model (one that names `properties` and lets others in) it is assumed, unless `strict`, that nobody
 * writes what it does not name.
 */
export function escapes(inner: JsonSchema, outer: JsonSchema, strict: boolean): Escape[] {
  const found: Escape[] = [];
  visit(inner, outer, "$", 0);
  return found;

  function visit(from: JsonSchema, to: JsonSchema, path: string, depth: number): void {
    if (from === false || to === true || sameSchema(from, to)) return;
    const [a, b] = [asObject(from), asObject(to)];
    const add = (
      keyword: string,
      may: string,
      judged = true,
      values: readonly unknown[] = [a[keyword], b[keyword]],
    ) => found.push({ path, keyword, inner: values[0], outer: values[1], may, judged });

    if (to === false) {
      add("", "may have a value where none is taken", true, [from, to]);
      return;
    }
    const unclear = [...new Set([...Object.keys(a), ...Object.keys(b)])].filter(
      (word) => TOGETHER.has(word) && !(ELSEWHERE.has(word) && isDeepStrictEqual(a[word], b[word])),
    );
    if (depth > MAX_DEPTH || unclear.length > 0) {
      for (const word of unclear.length > 0 ? unclear : [""])
        add(word, "may differ in what this says", false);
      return;
    }
    if (a["unit"] !== undefined && b["unit"] !== undefined && !isDeepStrictEqual(a["unit"], b["unit"])) {
      add("unit", "counts in another unit");
    }
    const values = valuesOf(a);
    if (values !== undefined) {
      for (const value of values) {
        const taken = accepts(to, value);
        if (taken === true) continue;
        const keyword = "enum" in a || "const" in a ? ("enum" in a ? "enum" : "const") : "type";
        add(keyword, `may be ${JSON.stringify(value)}`, taken === false);
      }
      return;
    }
    for (const word of Object.keys(b)) {
      if (!ALONE.has(word) || isDeepStrictEqual(a[word], b[word])) continue;
      add(word, "may differ in what this says", false);
    }
    const left = kindsOf(a);
    const taken = kindsOf(b);
    const refused = [...left].filter((kind) => !taken.has(kind));
    if (refused.length > 0) add("type", `may be ${kindWords(refused)}`);
    for (const word of ["const", "enum"]) {
      if (word in b) add(word, "may be a value that is not listed");
    }
    const both = (kind: Kind) => left.has(kind) && taken.has(kind);
    bounds(a, b, both, add);
    if (both("array")) items(a, b, path, depth);
    if (both("object")) members(a, b, path, depth, add);
  }

  function items(a: SchemaObject, b: SchemaObject, path: string, depth: number): void {
    if (b["items"] === undefined || a["maxItems"] === 0) return;
    visit(asSchema(a["items"]), asSchema(b["items"]), `${path}[]`, depth + 1);
  }

  function members(a: SchemaObject, b: SchemaObject, path: string, depth: number, add: Add): void {
    const [named, taken] = [propertiesOf(a), propertiesOf(b)];
    const [others, othersTaken] = [asSchema(a["additionalProperties"]), asSchema(b["additionalProperties"])];
    const given = requiredOf(a);
    for (const name of requiredOf(b)) {
      if (!given.includes(name)) add("required", `may lack ${JSON.stringify(name)}`);
    }
    for (const [name, schema] of named) {
      visit(schema, taken.get(name) ?? othersTaken, memberPath(path, name), depth + 1);
    }
    // Without names it is a map of anything, and not a model that is more than it says.
    if (others === true && a["properties"] !== undefined && !strict) return;
    for (const [name, schema] of taken) {
      if (!named.has(name)) visit(others, schema, memberPath(path, name), depth + 1);
    }
    visit(others, othersTaken, `${path}.*`, depth + 1);
  }
}

/** They only name what is asserted elsewhere: the same ones are no difference. */
const ELSEWHERE: ReadonlySet<string> = new Set(["$defs", "definitions", "$anchor", "$vocabulary"]);

type Add = (keyword: string, may: string) => void;

/** Pairs of a lower and an upper bound, and the kinds that they are of. */
function bounds(a: SchemaObject, b: SchemaObject, both: (kind: Kind) => boolean, add: Add): void {
  const number = (schema: SchemaObject, word: string) => {
    const value = schema[word];
    return typeof value === "number" ? value : undefined;
  };
  if (both("integer") || both("fraction")) {
    const low = edge(number(a, "minimum"), number(a, "exclusiveMinimum"), Math.max);
    const high = edge(number(a, "maximum"), number(a, "exclusiveMaximum"), Math.min);
    for (const [word, open] of [
      ["minimum", false],
      ["exclusiveMinimum", true],
    ] as const) {
      const limit = number(b, word);
      if (
        limit === undefined ||
        (low !== undefined && (low.at > limit || (low.at === limit && (low.open || !open))))
      )
        continue;
      add(word, `may be ${open ? "at or below" : "below"} ${limit}`);
    }
    for (const [word, open] of [
      ["maximum", false],
      ["exclusiveMaximum", true],
    ] as const) {
      const limit = number(b, word);
      if (
        limit === undefined ||
        (high !== undefined && (high.at < limit || (high.at === limit && (high.open || !open))))
      )
        continue;
      add(word, `may be ${open ? "at or above" : "above"} ${limit}`);
    }
  }
  for (const [kind, what, words] of SIZES) {
    if (!both(kind)) continue;
    const [least, most] = [number(b, `min${what}`), number(b, `max${what}`)];
    if (least !== undefined && (number(a, `min${what}`) ?? 0) < least) {
      add(`min${what}`, `may have fewer ${words} than ${least}`);
    }
    if (most !== undefined && (number(a, `max${what}`) ?? Number.POSITIVE_INFINITY) > most) {
      add(`max${what}`, `may have more ${words} than ${most}`);
    }
  }
}

const SIZES = [
  ["string", "Length", "characters"],
  ["array", "Items", "items"],
  ["object", "Properties", "fields"],
] as const;

function edge(
  closed: number | undefined,
  open: number | undefined,
  tighter: (a: number, b: number) => number,
) {
  if (open !== undefined && (closed === undefined || tighter(open, closed) === open))
    return { at: open, open: true };
  return closed === undefined ? undefined : { at: closed, open: false };
}

function kindWords(kinds: readonly Kind[]): string {
  const words = kinds.map((kind) => (kind === "fraction" ? "a number with a fraction" : kind));
  return words.join(" or ");
}

function memberPath(path: string, name: string): string {
  return /^[A-Za-z_][A-Za-z0-9_-]*$/.test(name) ? `${path}.${name}` : `${path}[${JSON.stringify(name)}]`;
}
