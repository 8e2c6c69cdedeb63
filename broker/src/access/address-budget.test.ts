import { expect, test } from "vitest";
import { AddressBudget } from "./address-budget.js";

test("an address has so much at once, and gets it back evenly in a minute", () => {
  let now = 0;
  const budget = new AddressBudget({ perMinute: 6, exemptLoopback: true, now: () => now });
  for (let i = 0; i < 6; i++) expect(budget.spend("192.0.2.1:1000")).toBe(true);
  expect(budget.spend("192.0.2.1:2000")).toBe(false);
  expect(budget.spend("192.0.2.2:2000")).toBe(true);
  now = 9_000; // ms; one comes back in ten seconds
  expect(budget.spend("192.0.2.1:1")).toBe(false);
  now = 10_001;
  expect(budget.spend("192.0.2.1:1")).toBe(true);
  expect(budget.spend("192.0.2.1:1")).toBe(false);
});

test("addresses of this machine spend nothing", () => {
  const budget = new AddressBudget({ perMinute: 1, exemptLoopback: true });
  expect([budget.spend("127.0.0.1:1"), budget.spend("127.0.0.1:1")]).toEqual([true, true]);
});
