import { includesRole } from "@fieldmesh/runtime";
import type { Domain } from "../resources/domain.js";
import type { Product } from "../resources/product.js";
import type { Subscription } from "../resources/subscription.js";
import type { NewestPolicy } from "../store/newest-policies.js";
import { UNCLAIMED } from "../store/observations.js";
import { type Asker, isOfDomain, owns } from "./asker.js";

/** Whether somebody may, and why or why not, as a sentence for people. */
export interface Decision {
  allowed: boolean;
  reason: string;
  /** ms since the epoch, where it ends by itself. */
  until?: number;
}

/** All that a decision about one product and one asker is made from. */
export interface AccessFacts {
  product: Product;
  /** Undefined only for what a domain was never registered of. */
  domain: Domain | undefined;
  /** Of the asker to this product. */
  subscription: Subscription | undefined;
  policy: NewestPolicy | undefined;
  /** Those that the policy names. */
  policyDomains: readonly Domain[];
  /** ms since the epoch. */
  now: number;
}

type Owned = Pick<AccessFacts, "product" | "domain">;

/** Whether the product belongs to the asker: its owner, or somebody of its domain. */
export function belongsTo({ product, domain }: Owned, asker: Pick<Asker, "name" | "scopes">): boolean {
  return (
    owns(product, asker) ||
    asker.scopes?.domains.includes(product.domain) === true ||
    (domain !== undefined && isOfDomain(domain, asker))
  );
}

/** Whether anybody may be kept from the data of it: nobody governs a draft that nobody has claimed. */
export function isGoverned({ status, owner }: Pick<Product, "status" | "owner">): boolean {
  return status !== "draft" || owner !== UNCLAIMED;
}

/** Whether it is there for consumers: one that is deprecated still is. */
export function isOffered({ status }: Pick<Product, "status">): boolean {
  return status === "active" || status === "deprecated";
}

/** Whether a subscription opens the product at this time. */
export function isOpen(
  subscription: Pick<Subscription, "state" | "expiresAt"> | undefined,
  now: number,
): boolean {
  return (
    subscription?.state === "approved" &&
    (subscription.expiresAt === undefined || subscription.expiresAt > now)
  );
}

/** Whether the data of a product may be read. */
export function decideRead(facts: AccessFacts, asker: Asker): Decision {
  const { product, subscription, policy, now } = facts;
  const { id, status, visibility, owner } = product;
  const { name, role, scopes } = asker;
  if (role === "admin") return yes("an administrator reads everything");
  if (!isGoverned(product)) return yes(`nobody has claimed "${id}" yet: whoever is signed in reads it`);
  if (status === "inactive" || status === "retired") return no(`"${id}" is ${status}: only administrators`);
  if (belongsTo(facts, asker)) {
    return yes(owner === name ? `${name} owns "${id}"` : `"${id}" is of a domain of ${name}`);
  }
  if (status === "draft") return no(`"${id}" is a draft: only its owner and its domain read it`);
  if (visibility === "public") return yes(`"${id}" is public`);
  if (scopes?.products.includes(id) === true) return yes(`the credential of ${name} names "${id}"`);
  if (policy !== undefined && isNamed(facts, asker) && policy.policy.autoApprove) {
    return yes(`the access policy of version ${policy.version} names ${name}`);
  }
  // Last: it is what may end.
  if (subscription !== undefined && isOpen(subscription, now)) return opened(subscription);
  return no(whyNot(product, subscription));
}

/**
 * Whether the access policy names somebody. Of domains only those count that the asker verifiably belongs to, not
 * one that it says it is of.
 */
export function isNamed(
  { policy, policyDomains }: Pick<AccessFacts, "policy" | "policyDomains">,
  asker: Asker,
): boolean {
  if (policy === undefined) return false;
  const { roles, domains, consumers } = policy.policy;
  return (
    consumers.includes(asker.name) ||
    roles.includes(asker.role) ||
    domains.some((id) => asker.scopes?.domains.includes(id) === true) ||
    policyDomains.some((domain) => isOfDomain(domain, asker))
  );
}

/** Whether it is in the catalogue for the asker: of a private product others do not even learn that it is there. */
export function decideSight(facts: AccessFacts, asker: Asker): boolean {
  const { product, subscription, now } = facts;
  return (
    product.visibility !== "private" ||
    asker.role === "admin" ||
    belongsTo(facts, asker) ||
    isOpen(subscription, now) ||
    asker.scopes?.products.includes(product.id) === true ||
    (facts.policy?.policy.autoApprove === true && isNamed(facts, asker))
  );
}

/** Whether somebody may change what is declared of a product, publish versions and say what it is made from. */
export function decideChange(facts: Owned, asker: Asker): Decision {
  const { id, owner, domain } = facts.product;
  if (asker.role === "admin") return yes("an administrator changes everything");
  if (belongsTo(facts, asker)) return yes(`"${id}" is of ${asker.name}`);
  // In a domain that is somebody's, so are the streams that come up in it.
  const isNobodys = owner === UNCLAIMED && (facts.domain === undefined || facts.domain.owner === UNCLAIMED);
  if (isNobodys && includesRole(asker.role, "operator")) return yes(`nobody has claimed "${id}" yet`);
  return no(
    `data product "${id}" is changed by its owner ${owner}, by who is of the domain "${domain}", and by administrators`,
  );
}

/**
 * Whether somebody may change a domain, and put products into it.
 * @param isPartlyClaimed whether somebody has claimed products of it: whoever took it on would have them, too
 */
export function decideChangeOfDomain(
  domain: Domain,
  asker: Asker,
  isPartlyClaimed: () => boolean = () => false,
): Decision {
  if (asker.role === "admin") return yes("an administrator changes everything");
  if (isOfDomain(domain, asker)) return yes(`"${domain.id}" is of ${asker.name}`);
  if (domain.owner === UNCLAIMED && includesRole(asker.role, "operator")) {
    return isPartlyClaimed()
      ? no(`products of "${domain.id}" are claimed already: an administrator says whose the domain is`)
      : yes(`nobody has claimed "${domain.id}" yet`);
  }
  return no(
    `domain "${domain.id}" and its products are of its owner ${domain.owner}, of its team, and of administrators`,
  );
}

/** Whether somebody may decide who gets a product. */
export function decides(facts: Owned, asker: Asker): boolean {
  return asker.role === "admin" || belongsTo(facts, asker);
}

function opened({ decidedBy, expiresAt }: Subscription): Decision {
  const by = decidedBy === undefined ? "" : ` by ${decidedBy}`;
  if (expiresAt === undefined) return yes(`subscription approved${by}`);
  return {
    ...yes(`subscription approved${by} until ${new Date(expiresAt).toISOString()}`),
    until: expiresAt,
  };
}

function whyNot({ id, visibility, owner }: Product, subscription: Subscription | undefined): string {
  const ask = `ask for it with POST /products/${id}/subscriptions`;
  const because = subscription?.reason === undefined ? "" : ` (${subscription.reason})`;
  switch (subscription?.state) {
    case "requested":
      return `"${id}" is ${visibility}: the subscription waits for ${owner}`;
    case "rejected":
      return `"${id}" is ${visibility}: the subscription was rejected${because}`;
    case "revoked":
      return `"${id}" is ${visibility}: the subscription was revoked${because}`;
    case "approved":
    case "expired":
      return `"${id}" is ${visibility}: the subscription has expired; ${ask}`;
    case undefined:
      return `"${id}" is ${visibility}: ${ask}`;
  }
}

function yes(reason: string): Decision {
  return { allowed: true, reason };
}

function no(reason: string): Decision {
  return { allowed: false, reason };
}
