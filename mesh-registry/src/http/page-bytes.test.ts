import { expect, test } from "vitest";
import { PageBytes } from "./page-bytes.js";

test("the same entries are the same bytes, others are others, wherever they are asked for", () => {
  const pages = new PageBytes();
  const first = pages.of("/products", ['{"id":"a"}', '{"id":"ü"}']);
  expect(first.toString()).toBe('[{"id":"a"},{"id":"ü"}]');
  expect(pages.of("/products", ['{"id":"a"}', '{"id":"ü"}'])).toBe(first);
  expect(pages.of("/products", ['{"id":"b"}', '{"id":"ü"}']).toString()).toBe('[{"id":"b"},{"id":"ü"}]');
  expect(pages.of("/products", ['{"id":"a"}']).toString()).toBe('[{"id":"a"}]');
  expect(pages.of("/products", []).toString()).toBe("[]");
});

test("not more is kept than is good", () => {
  const pages = new PageBytes();
  const entry = ['"x"'];
  const first = pages.of("/products", entry);
  for (let n = 0; n < 100; n += 1) pages.of(`/products?offset=${n}`, entry);
  expect(pages.of("/products", entry)).not.toBe(first);
  for (const [address, entries] of [
    ["/large", [JSON.stringify("x".repeat(300_000))]],
    [`/products?q=${"x".repeat(600)}`, entry],
  ] as const) {
    expect(pages.of(address, entries)).not.toBe(pages.of(address, entries));
  }
});
