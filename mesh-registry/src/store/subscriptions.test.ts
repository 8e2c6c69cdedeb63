import fc from "fast-check";
import { expect, test } from "vitest";
import { domainInput } from "../resources/domain.js";
import { productInput } from "../resources/product.js";
import type { Subscription } from "../resources/subscription.js";
import { embeddedStorage, temporaryFolder } from "../testing/embedded.js";
import { type Catalogue, openCatalogue } from "./catalogue.js";
import { RegistryError } from "./registry-error.js";
import { subscriptionId } from "./subscriptions.js";

const any = (): void => undefined;

async function open(clock: () => number = Date.now): Promise<Catalogue> {
  const catalogue = await openCatalogue({ storage: await embeddedStorage(await temporaryFolder()), clock });
  await catalogue.domains.create(domainInput.parse({ id: "sales", name: "Sales", owner: "alice" }));
  await catalogue.products.create(
    productInput.parse({ id: "orders", domain: "sales", owner: "alice", status: "active" }),
  );
  return catalogue;
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
    return "done";
  } catch (error) {
    if (error instanceof RegistryError) return error.code;
    throw error;
  }
}

test("of a thousand requests of a hundred consumers a hundred subscriptions are made, each decided once", async () => {
  const { subscriptions } = await open();
  const names = Array.from({ length: 100 }, (_, n) => `c${n}`);
  const asked = await Promise.all(
    Array.from({ length: 1_000 }, (_, n) =>
      subscriptions.ask({ product: "orders", consumer: names[n % 100] ?? "", purpose: "x", by: "x" }),
    ),
  );
  expect(asked.filter(({ made }) => made)).toHaveLength(100);
  expect(subscriptions.ofProduct("orders")).toHaveLength(100);
  const rulings = names.flatMap((name) => {
    const id = subscriptionId("orders", name);
    return [
      codeOf(subscriptions.approve(id, { by: "alice" }, any)),
      codeOf(subscriptions.reject(id, { by: "tom", reason: "no" }, any)),
      codeOf(subscriptions.approve(id, { by: "tom" }, any)),
    ];
  });
  const codes = await Promise.all(rulings);
  expect(codes.filter((code) => code === "done")).toHaveLength(100);
  expect(codes.filter((code) => code === "conflict")).toHaveLength(200);
  for (const { history } of subscriptions.ofProduct("orders")) expect(history).toHaveLength(2);
});

test("no more are kept than the limits say, of all and of one consumer", async () => {
  const storage = await embeddedStorage(await temporaryFolder());
  const limits = { subscriptions: 3, subscriptionsOfConsumer: 2 };
  const { domains, products, subscriptions } = await openCatalogue({ storage, clock: Date.now, limits });
  await domains.create(domainInput.parse({ id: "sales", name: "Sales", owner: "alice" }));
  for (const id of ["a", "b", "c"]) {
    await products.create(productInput.parse({ id, domain: "sales", owner: "alice" }));
  }
  const ask = (product: string, consumer: string): Promise<string> =>
    codeOf(subscriptions.ask({ product, consumer, purpose: "x", by: consumer }));
  expect([await ask("a", "bob"), await ask("b", "bob"), await ask("c", "bob")]).toEqual([
    "done",
    "done",
    "too_many",
  ]);
  expect([await ask("a", "eve"), await ask("a", "eve"), await ask("b", "eve")]).toEqual([
    "done",
    "done",
    "too_many",
  ]);
});

type Verb = "ask" | "approve" | "end" | "reject" | "revoke" | "leave" | "strike";

/** What may be done with one in a state, and what it becomes. */
const BECOMES: Record<Subscription["state"], Partial<Record<Verb, Subscription["state"]>>> = {
  requested: {
    ask: "requested",
    approve: "approved",
    end: "approved",
    reject: "rejected",
    leave: "revoked",
    strike: "requested",
  },
  approved: { ask: "approved", end: "approved", revoke: "revoked", leave: "revoked", strike: "approved" },
  rejected: { ask: "requested", strike: "rejected" },
  revoked: { ask: "requested", strike: "revoked" },
  expired: { ask: "requested", strike: "expired" },
};

test("whatever is done in whatever order: what may follow follows, all else is refused, and the history has it", async () => {
  const step = fc.record({
    verb: fc.constantFrom<Verb>("ask", "approve", "end", "reject", "revoke", "leave", "strike"),
    waits: fc.constantFrom(0, 5, 20),
  });
  let now = 1_000;
  let runs = 0;
  const { subscriptions, access, products } = await open(() => now);
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
      runs += 1;
      const consumer = `bob${runs}`;
      const id = subscriptionId("orders", consumer);
      const ask = () => subscriptions.ask({ product: "orders", consumer, purpose: "x", by: consumer });
      await ask();
      let state: Subscription["state"] = "requested";
      let end: number | undefined;
      let past = 1;
      for (const { verb, waits } of steps) {
        now += waits;
        const isOver: boolean = state === "approved" && end !== undefined && end <= now;
        // One whose time has come is as one that has ended, for whoever looks.
        const from: Subscription["state"] = isOver ? "expired" : state;
        const by = { by: verb === "leave" ? consumer : "alice", reason: "so" };
        const work = {
          ask,
          approve: () => subscriptions.approve(id, { by: "alice" }, any),
          end: () => subscriptions.approve(id, { by: "alice", expiresAt: now + 10 }, any),
          reject: () => subscriptions.reject(id, by, any),
          revoke: () => subscriptions.revoke(id, by, any),
          leave: () => subscriptions.revoke(id, by, any),
          strike: () => subscriptions.expire(id),
        }[verb];
        const to: Subscription["state"] | undefined = BECOMES[from][verb];
        expect([verb, from, await codeOf(work())]).toEqual([
          verb,
          from,
          to === undefined ? "conflict" : "done",
        ]);
        const isStep = to !== undefined && (to !== from || verb === "end" || (verb === "strike" && isOver));
        if (isStep) past += 1;
        if (to !== undefined && (verb !== "strike" || isOver)) {
          if (to !== from || verb === "end") end = verb === "end" ? now + 10 : undefined;
          state = to;
        }
        const { value } = subscriptions.get(id);
        expect([value.state, value.history.length]).toEqual([state, past]);
        expect(value.history.at(-1)?.state).toBe(state);
        const isOpen = state === "approved" && (end === undefined || end > now);
        const { allowed } = access.mayRead(products.get("orders").value, { name: consumer, role: "viewer" });
        expect(allowed).toBe(isOpen);
      }
    }),
    { numRuns: 100 },
  );
});
