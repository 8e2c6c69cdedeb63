/** How many of each are kept. They are in memory: a product takes about 2 KiB there, a step of lineage 0.5. */
export interface RegistryLimits {
  domains: number;
  products: number;
  edges: number;
  /** At most 1,000: a new one is judged with all of them read. */
  versionsOfProduct: number;
}

export const DEFAULT_LIMITS: RegistryLimits = {
  domains: 1_000,
  products: 100_000,
  edges: 200_000,
  versionsOfProduct: 1_000,
};
