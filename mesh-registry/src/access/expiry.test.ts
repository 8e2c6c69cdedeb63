import { afterEach, beforeEach, expect, onTestFinished, test, vi } from "vitest";
import type { Subscription } from "../resources/subscription.js";
import { quiet } from "../testing/quiet.js";
import { Expiry } from "./expiry.js";

beforeEach(() => {
  vi.useFakeTimers({ now: 1_000_000 });
});
afterEach(() => {
  vi.useRealTimers();
});

function subscriptionOf(consumer: string, expiresAt?: number): Subscription {
  const end = expiresAt === undefined ? {} : { expiresAt };
  const asked = { product: "orders", consumer, purpose: "x", askedBy: consumer, history: [] };
  return { id: consumer, ...asked, ...end, state: "approved", createdAt: 0, updatedAt: 0 };
}

/** Subscriptions of which only the end is of interest here. */
function approved(...first: Subscription[]) {
  const all = new Map(first.map((each) => [each.id, each]));
  let tell: (now: Subscription, before: Subscription | undefined) => void = () => undefined;
  const expired: string[] = [];
  const faults: Error[] = [];
  return {
    expired,
    faults,
    add(subscription: Subscription): void {
      all.set(subscription.id, subscription);
      tell(subscription, undefined);
    },
    approved: () => all.values(),
    expire(id: string): Promise<void> {
      const fault = faults.shift();
      if (fault !== undefined) return Promise.reject(fault);
      all.delete(id);
      expired.push(id);
      return Promise.resolve();
    },
    onChange(listener: typeof tell): () => void {
      tell = listener;
      return () => undefined;
    },
  };
}

async function started(subscriptions: ReturnType<typeof approved>): Promise<void> {
  const expiry = new Expiry({ subscriptions, clock: Date.now, log: quiet });
  onTestFinished(() => expiry.close());
  await expiry.start();
}

test("each ends at its time, one after the other, however they come", async () => {
  const now = Date.now();
  const subscriptions = approved(
    subscriptionOf("past", now),
    subscriptionOf("late", now + 90_000),
    subscriptionOf("never"),
  );
  await started(subscriptions);
  expect(subscriptions.expired).toEqual(["past"]);
  subscriptions.add(subscriptionOf("soon", now + 5_000));
  await vi.advanceTimersByTimeAsync(4_999);
  expect(subscriptions.expired).toEqual(["past"]);
  await vi.advanceTimersByTimeAsync(1);
  expect(subscriptions.expired).toEqual(["past", "soon"]);
  await vi.advanceTimersByTimeAsync(84_999);
  expect(subscriptions.expired).toEqual(["past", "soon"]);
  await vi.advanceTimersByTimeAsync(1);
  expect(subscriptions.expired).toEqual(["past", "soon", "late"]);
  expect(vi.getTimerCount()).toBe(0);
});

test("a clock that is set forward is noticed within half a minute", async () => {
  const subscriptions = approved(subscriptionOf("bob", Date.now() + 86_400_000));
  await started(subscriptions);
  vi.setSystemTime(Date.now() + 86_400_000);
  await vi.advanceTimersByTimeAsync(30_000);
  expect(subscriptions.expired).toEqual(["bob"]);
});

test("a store that fails is asked again", async () => {
  const subscriptions = approved(subscriptionOf("bob", Date.now()));
  subscriptions.faults.push(new Error("away"), new Error("away"));
  await started(subscriptions);
  expect(subscriptions.expired).toEqual([]);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(subscriptions.expired).toEqual(["bob"]);
});
