import { expect, test } from "vitest";
import { SignInBackoff } from "./sign-in-backoff.js";

const PEER = "192.0.2.1:1000";
let now = 0;
const backoff = (exemptLoopback = true) => {
  now = 0;
  return new SignInBackoff({ freeFailures: 2, maxWaitMs: 60_000, exemptLoopback, now: () => now });
};

test("an address waits twice as long after each wrong password too many, up to a bound", () => {
  const signIns = backoff();
  const waits: number[] = [];
  for (let i = 0; i < 10; i++) {
    signIns.failed(PEER);
    waits.push(signIns.waitMs("192.0.2.1:2000"));
    now += signIns.waitMs(PEER);
  }
  expect(waits).toEqual([0, 0, 1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000]);
  expect(signIns.waitMs("192.0.2.2:1000")).toBe(0);
});

test("failures are forgotten one by one", () => {
  const signIns = backoff();
  for (let i = 0; i < 4; i++) signIns.failed(PEER);
  expect(signIns.waitMs(PEER)).toBe(2_000);
  now += 2 * 60_000;
  signIns.failed(PEER); // the third again
  expect(signIns.waitMs(PEER)).toBe(1_000);
});

test("guesses beside each other count each", () => {
  const signIns = backoff();
  for (let i = 0; i < 100; i++) signIns.failed(PEER);
  expect(signIns.waitMs(PEER)).toBe(60_000);
});

test("addresses of this machine do not wait", () => {
  const signIns = backoff();
  for (let i = 0; i < 100; i++) signIns.failed("127.0.0.1:1");
  expect(signIns.waitMs("127.0.0.1:1")).toBe(0);
});
