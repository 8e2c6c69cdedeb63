import type { Domain } from "../resources/domain.js";
import type { Subscription } from "../resources/subscription.js";
import { UNCLAIMED } from "../store/observations.js";
import { type AccessFacts, isOffered, isOpen } from "./decisions.js";

/**
 * Whom the data of a product may be given to, beside administrators and whose credential names it. Says nothing of
 * products that everybody reads: public ones, and drafts that nobody has claimed.
 */
export interface Readers {
  /** Its owner, owner and team of its domain, approved consumers, and whom its access policy names. */
  consumers: string[];
  /** When it ends for one of them, in ms since the epoch; who is not here reads for as long as it is listed. */
  untilByConsumer: Record<string, number>;
  /** Of its access policy. */
  roles: string[];
  /** Whoever is of one of these domains: its own, and those of its access policy. */
  domains: string[];
}

type Facts = Omit<AccessFacts, "subscription">;

/** The same as `decideRead` says, for all who might ask. */
export function readersOf(facts: Facts, subscriptions: Iterable<Subscription>): Readers {
  const { product, domain, policy, policyDomains, now } = facts;
  if (product.status === "inactive" || product.status === "retired") {
    return { consumers: [], untilByConsumer: {}, roles: [], domains: [] };
  }
  const always = new Set([...owner(product), ...people(domain)]);
  const until = new Map<string, number>();
  const roles: string[] = [];
  const domains = new Set([product.domain]);
  if (isOffered(product)) {
    if (policy?.policy.autoApprove === true) {
      roles.push(...policy.policy.roles);
      for (const id of policy.policy.domains) domains.add(id);
      for (const name of [...policy.policy.consumers, ...policyDomains.flatMap(people)]) always.add(name);
    }
    for (const each of subscriptions) {
      if (!isOpen(each, now)) continue;
      if (each.expiresAt === undefined) always.add(each.consumer);
      else until.set(each.consumer, each.expiresAt);
    }
  }
  for (const name of always) until.delete(name);
  return {
    consumers: [...always, ...until.keys()],
    untilByConsumer: Object.fromEntries(until),
    roles,
    domains: [...domains],
  };
}

function people(domain: Domain | undefined): string[] {
  return domain === undefined ? [] : [...owner(domain), ...domain.team];
}

/** Nobody is called as what is nobody's. */
function owner({ owner: name }: { owner: string }): string[] {
  return name === UNCLAIMED ? [] : [name];
}
