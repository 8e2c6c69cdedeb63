import { expect, test } from "vitest";
import { AddressBook } from "./address-book.js";

test("addresses of one IPv6 network are one, ports and this machine are none", () => {
  const book = new AddressBook<string>(true);
  book.set("2001:db8:0:1::5:1000", "seen");
  expect(book.get("2001:db8::1:a:b:c:d:1000")).toBe("seen");
  expect(book.get("2001:db8:0:2::5:1000")).toBeUndefined();
  book.set("192.0.2.1:1000", "seen");
  expect(book.get("192.0.2.1:2000")).toBe("seen");
  for (const peer of ["127.0.0.1:1", "::1:1", "::ffff:127.0.0.1:1"]) {
    book.set(peer, "seen");
    expect(book.get(peer)).toBeUndefined();
  }
  expect(book.size).toBe(2);
});

test("remembers a bounded number of addresses, those that were seen last", () => {
  const book = new AddressBook<number>(true);
  for (let i = 0; i < 11_000; i++) book.set(`10.${i >> 16}.${(i >> 8) & 255}.${i & 255}:1`, i);
  expect(book.size).toBe(10_000);
  expect(book.get("10.0.0.0:1")).toBeUndefined();
  expect(book.get("10.0.42.247:1")).toBe(10_999);
});
