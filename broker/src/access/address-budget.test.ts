import { expect, test } from "vitest";
import { AddressBudget } from "./address-budget.js";

test("an address has so much at once, and gets it back evenly in a minute", () => {
  let now = 0;
  const budget = new AddressBudget({ perMinute: 6, exemptLoopback: true, now: () => now });
  for (let i = 0; i < 6; i++) expect(budget.spend("192.0.2.1:1000")).toBe(true);
  expect(budget.isSpent("192.0.2.1:2000")).toBe(true);
  expect(budget.spend("192.0.2.1:2000")).toBe(false);
  expect(budget.isSpent("192.0.2.2:2000")).toBe(false);
  now = 9_000; // ms; one comes back in ten seconds
  expect(budget.isSpent("192.0.2.1:1")).toBe(true);
  now = 10_001;
  expect(budget.spend("192.0.2.1:1")).toBe(true);
  expect(budget.spend("192.0.2.1:1")).toBe(false);
});

test("addresses of one IPv6 network share, those of this machine spend nothing", () => {
  const budget = new AddressBudget({ perMinute: 1, exemptLoopback: true });
  expect(budget.spend("2001:db8:0:1::5:1000")).toBe(true);
  expect(budget.isSpent("2001:db8::1:a:b:c:d:1000")).toBe(true);
  expect(budget.isSpent("2001:db8:0:2::5:1000")).toBe(false);
  for (const peer of ["127.0.0.1:1", "::1:1", "::ffff:127.0.0.1:1"]) {
    expect([budget.spend(peer), budget.spend(peer)]).toEqual([true, true]);
  }
  expect(budget.size).toBe(1);
});

test("remembers a bounded number of addresses", () => {
  const budget = new AddressBudget({ perMinute: 1, exemptLoopback: true });
  for (let i = 0; i < 11_000; i++) budget.spend(`10.${i >> 16}.${(i >> 8) & 255}.${i & 255}:1`);
  expect(budget.size).toBe(10_000);
  expect(budget.isSpent("10.0.0.0:1")).toBe(false);
  expect(budget.isSpent("10.0.42.247:1")).toBe(true);
});
