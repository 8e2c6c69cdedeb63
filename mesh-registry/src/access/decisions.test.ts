import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Domain } from "../resources/domain.js";
import { PRODUCT_STATUSES, type Product, VISIBILITIES } from "../resources/product.js";
import { SUBSCRIPTION_STATES, type Subscription } from "../resources/subscription.js";
import type { Asker } from "./asker.js";
import {
  type AccessFacts,
  decideChange,
  decideRead,
  decideSight,
  decides,
  isGoverned,
  isOffered,
} from "./decisions.js";
import { readersOf } from "./readers.js";

const NOW = 1_000;
const name = fc.constantFrom("ann", "bob", "eve", "unclaimed");
const domainName: fc.Arbitrary<string> = fc.constantFrom("sales", "lab");
const some = <T>(one: fc.Arbitrary<T>): fc.Arbitrary<T[]> => fc.array(one, { maxLength: 2 });

const domainOf = (id: string): fc.Arbitrary<Domain> =>
  fc.record({
    id: fc.constant(id),
    name: fc.constant(id),
    owner: name,
    team: some(name),
    description: fc.constant(""),
    createdAt: fc.constant(0),
    updatedAt: fc.constant(0),
  });

const product: fc.Arbitrary<Product> = fc.record({
  id: fc.constant("orders"),
  domain: domainName,
  owner: name,
  description: fc.constant(""),
  tags: fc.constant([]),
  status: fc.constantFrom(...PRODUCT_STATUSES),
  visibility: fc.constantFrom(...VISIBILITIES),
  sla: fc.constant({}),
  metadata: fc.constant({}),
  outputPorts: fc.constant([]),
  inputPorts: fc.constant([]),
  createdAt: fc.constant(0),
  updatedAt: fc.constant(0),
});

const subscriptions: fc.Arbitrary<Subscription[]> = fc.uniqueArray(
  fc
    .record({
      consumer: name,
      state: fc.constantFrom(...SUBSCRIPTION_STATES),
      expiresAt: fc.option(fc.constantFrom(NOW - 1, NOW, NOW + 1), { nil: undefined }),
    })
    .map(({ consumer, state, expiresAt }): Subscription => {
      const end = expiresAt === undefined ? {} : { expiresAt };
      const id = `orders_${consumer}`;
      return {
        id,
        product: "orders",
        consumer,
        state,
        ...end,
        purpose: "x",
        askedBy: consumer,
        history: [],
        createdAt: 0,
        updatedAt: 0,
      };
    }),
  { selector: ({ consumer }) => consumer },
);

const policy = fc.option(
  fc.record({
    version: fc.constant("1.0.0"),
    policy: fc.record({
      roles: some(fc.constantFrom("viewer", "operator", "analyst")),
      domains: some(domainName),
      consumers: some(name),
      autoApprove: fc.boolean(),
    }),
  }),
  { nil: undefined },
);

const asker: fc.Arbitrary<Asker> = fc
  .record({
    name,
    role: fc.constantFrom("viewer" as const, "operator" as const, "admin" as const),
    scopes: fc.option(
      fc.record({ domains: some(domainName), products: some(fc.constantFrom("orders", "other")) }),
      { nil: undefined },
    ),
  })
  .map(({ scopes, ...rest }) => (scopes === undefined ? rest : { ...rest, scopes }));

/** Everything that there may be of one product, and somebody who asks. */
const worlds = fc
  .record({ product, sales: domainOf("sales"), lab: domainOf("lab"), subscriptions, policy, asker })
  .map(({ sales, lab, ...world }) => {
    const domains = [sales, lab];
    const facts: AccessFacts = {
      product: world.product,
      domain: domains.find(({ id }) => id === world.product.domain),
      subscription: world.subscriptions.find(({ consumer }) => consumer === world.asker.name),
      policy: world.policy,
      policyDomains: domains.filter(({ id }) => world.policy?.policy.domains.includes(id) === true),
      now: NOW,
    };
    return { ...world, facts };
  });

const RUNS = { numRuns: 3_000 };

describe("who may read", () => {
  test("is the same asked for one and listed for all", () => {
    fc.assert(
      fc.property(worlds, ({ facts, asker: who, subscriptions: all }) => {
        const { product: its } = facts;
        const readers = readersOf(facts, all);
        const until = readers.untilByConsumer[who.name];
        const isListed =
          (readers.consumers.includes(who.name) && (until === undefined || until > NOW)) ||
          readers.roles.includes(who.role) ||
          readers.domains.some((id) => who.scopes?.domains.includes(id) === true);
        const isForAll = !isGoverned(its) || (isOffered(its) && its.visibility === "public");
        const isScoped = isOffered(its) && who.scopes?.products.includes(its.id) === true;
        expect(decideRead(facts, who).allowed).toBe(who.role === "admin" || isForAll || isScoped || isListed);
      }),
      RUNS,
    );
  });

  test("is told when it ends exactly where an end is what opens it, and always why", () => {
    fc.assert(
      fc.property(worlds, ({ facts, asker: who }) => {
        const { allowed, reason, until } = decideRead(facts, who);
        expect(reason).not.toBe("");
        if (until === undefined) return;
        expect(allowed).toBe(true);
        expect(until).toBe(facts.subscription?.expiresAt);
        // At that time it is over.
        expect(decideRead({ ...facts, now: until }, who).allowed).toBe(false);
      }),
      RUNS,
    );
  });

  test("never gets more by a subscription that is not approved, and sees what it reads", () => {
    fc.assert(
      fc.property(worlds, ({ facts, asker: who }) => {
        const without = { ...facts, subscription: undefined };
        if (facts.subscription?.state !== "approved") {
          expect(decideRead(facts, who).allowed).toBe(decideRead(without, who).allowed);
        }
        if (decideRead(facts, who).allowed && isGoverned(facts.product)) {
          expect(decideSight(facts, who)).toBe(true);
        }
      }),
      RUNS,
    );
  });
});

test("consumers change nothing and decide nothing, whatever they were granted", () => {
  fc.assert(
    fc.property(worlds, ({ facts, asker: who }) => {
      const isOwn =
        who.role === "admin" ||
        (who.name !== "unclaimed" && who.name === facts.product.owner) ||
        who.scopes?.domains.includes(facts.product.domain) === true ||
        facts.domain?.team.includes(who.name) === true ||
        (who.name !== "unclaimed" && facts.domain?.owner === who.name);
      expect(decides(facts, who)).toBe(isOwn);
      const isNobodys = facts.product.owner === "unclaimed" && facts.domain?.owner === "unclaimed";
      expect(decideChange(facts, who).allowed).toBe(isOwn || (isNobodys && who.role === "operator"));
    }),
    RUNS,
  );
});
