/** How many of each are kept. They are in memory: a product takes about 2 KiB there, a step of lineage 0.5. */
export interface RegistryLimits {
  domains: number;
  /** Of these, those that nodes brought and nobody has claimed. A node that names thousands does not use up all. */
  unclaimedDomains: number;
  products: number;
  /** Of these, drafts of streams that nobody has claimed. */
  unclaimedDrafts: number;
  edges: number;
  subscriptions: number;
  /** Of the access log; the oldest go. They are not in memory. */
  accessEntries: number;
  /** So that none of them uses up all. */
  subscriptionsOfConsumer: number;
  /** At most 1,000: a new one is judged with all of them read. */
  versionsOfProduct: number;
  templates: number;
  provisions: number;
  /** Each product is judged by those that are for it. */
  policies: number;
  /** Of all policies: each is held against the mandatory ones of all. */
  rules: number;
  /** Changes of how one product stood. */
  complianceChanges: number;
}

export const DEFAULT_LIMITS: RegistryLimits = {
  domains: 1_000,
  unclaimedDomains: 200,
  products: 100_000,
  unclaimedDrafts: 20_000,
  edges: 200_000,
  subscriptions: 100_000,
  accessEntries: 50_000,
  subscriptionsOfConsumer: 5_000,
  versionsOfProduct: 1_000,
  templates: 1_000,
  provisions: 10_000,
  policies: 1_000,
  rules: 5_000,
  complianceChanges: 100,
};
