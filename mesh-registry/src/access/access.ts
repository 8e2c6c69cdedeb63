import type { Domain } from "../resources/domain.js";
import type { Product } from "../resources/product.js";
import type { Subscription } from "../resources/subscription.js";
import type { Collections } from "../store/collections.js";
import type { NewestPolicies } from "../store/newest-policies.js";
import type { Subscriptions } from "../store/subscriptions.js";
import { type Asker, UNCLAIMED } from "./asker.js";
import {
  type AccessFacts,
  type Decision,
  decideChange,
  decideChangeOfDomain,
  decideRead,
  decideSight,
  decides,
  isNamed,
  isOffered,
  isOpen,
} from "./decisions.js";
import { type Readers, readersOf } from "./readers.js";
import { topicFiltersOf } from "./topic-filters.js";

/** What the broker lets one consumer read of one product. */
export interface Grant {
  consumer: string;
  product: string;
  topicFilters: string[];
}

/** Who may what with a product, as it is now. */
export interface Access {
  /** The data of a product. */
  mayRead(product: Product, asker: Asker): Decision;
  /** That it is there at all. */
  maySee(product: Product, asker: Asker): boolean;
  /** What is declared of it, its versions, and what it is made from. */
  mayChange(product: Product, asker: Asker): Decision;
  /** A domain, and what is put into it. */
  mayChangeDomain(domain: Domain, asker: Asker): Decision;
  /** Who gets it. */
  mayDecide(product: Product, asker: Asker): boolean;
  /** What the newest access policy says of somebody who asks for a subscription. */
  policyFor(
    product: Product,
    asker: Asker,
  ): { version: string; named: boolean; autoApprove: boolean } | undefined;
  readersOf(product: Product): Readers;
  /** Every door at the broker that is to be open now. */
  grants(): Iterable<Grant>;
  /** Those of one consumer: product → topic filters. */
  grantsOf(consumer: string): Map<string, string[]>;
  /** Told when the grant of this pair may be another one now. Answers how to stop. */
  onChange(listener: (consumer: string, product: string) => void): () => void;
  /** Told when what `readersOf` says of this product may be something else now. Answers how to stop. */
  onReaders(listener: (product: string) => void): () => void;
}

export interface AccessParts {
  collections: Pick<Collections, "domains" | "products">;
  subscriptions: Subscriptions;
  newestPolicies: NewestPolicies;
  /** ms since the epoch. */
  clock: () => number;
}

export function createAccess({ collections, subscriptions, newestPolicies, clock }: AccessParts): Access {
  const { domains, products } = collections;
  const domainOf = (id: string): Domain | undefined => domains.get(id)?.value;
  const owned = (product: Product) => ({ product, domain: domainOf(product.domain) });
  const factsOf = (product: Product): Omit<AccessFacts, "subscription"> => {
    const policy = newestPolicies.of(product.id);
    return {
      ...owned(product),
      policy,
      policyDomains: domainsOf(policy?.policy.domains ?? []),
      now: clock(),
    };
  };
  const domainsOf = (ids: readonly string[]): Domain[] =>
    ids.map(domainOf).filter((domain) => domain !== undefined);
  const isPartlyClaimed = ({ id }: Domain): boolean => {
    for (const { value } of products.values()) {
      if (value.domain === id && value.owner !== UNCLAIMED && value.status !== "retired") return true;
    }
    return false;
  };
  const factsFor = (product: Product, { name }: Asker): AccessFacts => ({
    ...factsOf(product),
    subscription: subscriptions.find(product.id, name)?.value,
  });
  const grantOf = ({ consumer, product: id }: Subscription): Grant | undefined => {
    const product = products.get(id)?.value;
    if (product === undefined || !isOffered(product)) return undefined;
    const topicFilters = topicFiltersOf(product);
    return topicFilters.length === 0 ? undefined : { consumer, product: id, topicFilters };
  };

  return {
    mayRead: (product, asker) => decideRead(factsFor(product, asker), asker),
    maySee: (product, asker) =>
      product.visibility !== "private" ||
      asker.role === "admin" ||
      decideSight(factsFor(product, asker), asker),
    mayChange: (product, asker) => decideChange(owned(product), asker),
    mayChangeDomain: (domain, asker) => decideChangeOfDomain(domain, asker, () => isPartlyClaimed(domain)),
    mayDecide: (product, asker) => decides(owned(product), asker),
    policyFor(product, asker) {
      const facts = factsFor(product, asker);
      if (facts.policy === undefined) return undefined;
      const { version, policy } = facts.policy;
      return { version, named: isNamed(facts, asker), autoApprove: policy.autoApprove };
    },
    readersOf: (product) => readersOf(factsOf(product), subscriptions.ofProduct(product.id)),
    *grants() {
      const now = clock();
      for (const subscription of subscriptions.approved()) {
        const grant = isOpen(subscription, now) ? grantOf(subscription) : undefined;
        if (grant !== undefined) yield grant;
      }
    },
    grantsOf(consumer) {
      const now = clock();
      const grants = subscriptions.ofConsumer(consumer).flatMap((each) => {
        const grant = isOpen(each, now) ? grantOf(each) : undefined;
        return grant === undefined ? [] : [grant];
      });
      return new Map(grants.map(({ product, topicFilters }) => [product, topicFilters]));
    },
    onChange(listener) {
      const ofSubscriptions = subscriptions.onChange(({ consumer, product, state }, before) => {
        if (state === "approved" || before?.state === "approved") listener(consumer, product);
      });
      const ofProducts = products.onChange((id, now, before) => {
        if (now !== undefined && before !== undefined && sameDoor(now.value, before.value)) return;
        for (const { consumer, state } of subscriptions.ofProduct(id)) {
          if (state === "approved") listener(consumer, id);
        }
      });
      return () => {
        ofSubscriptions();
        ofProducts();
      };
    },
    onReaders(listener) {
      const stops = [
        subscriptions.onChange(({ product, state }, before) => {
          if (state === "approved" || before?.state === "approved") listener(product);
        }),
        newestPolicies.onChange(listener),
        products.onChange((id) => listener(id)),
        domains.onChange((id) => {
          for (const { value } of products.values()) {
            const named = newestPolicies.of(value.id)?.policy.domains.includes(id) === true;
            if (value.domain === id || named) listener(value.id);
          }
        }),
      ];
      return () => {
        for (const stop of stops) stop();
      };
    },
  };
}

/** Whether the broker lets the same ones read the same. */
function sameDoor(one: Product, other: Product): boolean {
  return (
    isOffered(one) === isOffered(other) && topicFiltersOf(one).join("\n") === topicFiltersOf(other).join("\n")
  );
}
