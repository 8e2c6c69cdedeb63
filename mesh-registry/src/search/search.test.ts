import fc from "fast-check";
import { expect, test } from "vitest";
import { fieldNamesOf } from "./field-names.js";
import {
  bestFirst,
  type Hit,
  MAX_WORDS,
  type WeightedText,
  WHOLE,
  WordIndex,
  weightedWords,
} from "./word-index.js";
import { plainWordsOf, wordsOf } from "./words.js";

/** The same, by looking at every document. */
function scan(documents: ReadonlyMap<string, readonly WeightedText[]>, question: string): Hit<string>[] {
  const words = [...plainWordsOf(question)].slice(0, MAX_WORDS);
  const hits: Hit<string>[] = [];
  for (const [id, texts] of documents) {
    const weights = [...weightedWords(texts)];
    const best = words.map((word) =>
      Math.max(
        0,
        ...weights.map(([each, weight]) =>
          each === word ? WHOLE * weight : each.startsWith(word) ? weight : 0,
        ),
      ),
    );
    if (words.length > 0 && best.every((score) => score > 0)) {
      hits.push({ id, value: id, score: best.reduce((sum, score) => sum + score, 0) });
    }
  }
  return hits.sort(bestFirst);
}

const word = fc.oneof(
  fc.constantFrom("order", "orders", "orderId", "customer", "größe", "Grosse", "ORD", "x1", "temperature"),
  fc.string({ unit: "grapheme", maxLength: 4 }),
);
const text = fc.array(word, { maxLength: 4 }).map((words) => words.join(" "));
const texts = fc.array(fc.record({ text, weight: fc.constantFrom(1, 3, 8) }), { maxLength: 3 });
const change = fc.record({
  id: fc.constantFrom("a", "b", "c", "d", "e"),
  texts: fc.option(texts, { nil: undefined }),
});

test("the index finds what looking at every document finds, in the same order, whatever comes and goes", () => {
  fc.assert(
    fc.property(
      fc.array(change, { maxLength: 30 }),
      fc.array(text, { maxLength: 5 }),
      (changes, questions) => {
        const index = new WordIndex<string>();
        const documents = new Map<string, readonly WeightedText[]>();
        const everyone = (): string[] =>
          index.find("o", { where: () => true, allPlain: true, limit: 9 }).items;
        for (const { id, texts } of changes) {
          everyone(); // what is kept ready is of before
          if (texts === undefined) {
            index.remove(id);
            documents.delete(id);
          } else {
            index.put(id, id, texts, id === "a" || id === "b");
            documents.set(id, texts);
          }
        }
        expect(index.size).toBe(documents.size);
        expect(everyone()).toEqual(scan(documents, "o").map(({ id }) => id));
        expect(everyone()).toEqual(everyone());
        for (const question of [...questions, "o", "order cust"]) {
          const expected = scan(documents, question);
          expect(index.all(question).sort(bestFirst)).toEqual(expected);
          const ids = expected.map(({ id }) => id);
          const where = (id: string): boolean => id !== "c";
          const wanted = ids.filter(where);
          for (const [after, offset] of [
            [undefined, 0],
            [undefined, 1],
            [wanted[0], 0],
            [wanted[1], 1],
          ] as const) {
            const start = (after === undefined ? 0 : wanted.indexOf(after) + 1) + offset;
            const page = index.find(question, { where, allPlain: offset === 0, after, offset, limit: 2 });
            expect([page.items, page.total]).toEqual([wanted.slice(start, start + 2), wanted.length]);
            expect(page.next).toBe(start + 2 < wanted.length ? wanted[start + 1] : undefined);
          }
        }
      },
    ),
  );
});

test("of many that count the same the first by id are found", () => {
  const index = new WordIndex<number>();
  const ids = Array.from({ length: 2_000 }, (_, n) => `p${String((n * 7_919) % 10_007).padStart(5, "0")}`);
  for (const [n, id] of ids.entries()) index.put(id, n, [{ text: "orders", weight: n % 5 === 0 ? 2 : 1 }]);
  const found: string[] = [];
  let after: string | undefined;
  do {
    const page = index.find("ord", { where: () => true, after, limit: 300 });
    found.push(...page.items.map((n) => ids[n] ?? ""));
    after = page.next;
  } while (after !== undefined);
  const byId = ids.toSorted();
  const counts = new Map(ids.map((id, n) => [id, n % 5]));
  expect(found).toEqual([
    ...byId.filter((id) => counts.get(id) === 0),
    ...byId.filter((id) => counts.get(id) !== 0),
  ]);
});

test.each([
  ["customer-orders", ["customer", "orders"]],
  ["orderId", ["orderid", "order", "id"]],
  ["HTTPServer2", ["httpserver2", "http", "server", "2"]],
  ["Größe Café", ["große", "cafe"]],
  ["_a.b", ["a", "b"]],
  ["", []],
])("the words of %j are %j", (given, words) => {
  expect([...wordsOf(given)]).toEqual(words);
});

test("names of fields are found at any depth", () => {
  const schema = {
    properties: { a: { properties: { b: {} } }, c: { items: { properties: { d: true } } } },
    oneOf: [{ properties: { e: {} } }],
    $defs: { x: { properties: { f: {} } } },
  };
  expect(fieldNamesOf(schema).toSorted()).toEqual(["a", "b", "c", "d", "e", "f"]);
  expect(fieldNamesOf(true)).toEqual([]);
});
