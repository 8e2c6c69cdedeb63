import type { RegistryLimits } from "./limits.js";
import type { Turns } from "./turns.js";

/** What the parts of the catalogue share. */
export interface StoreParts {
  turns: Turns;
  /** ms since the epoch. */
  clock: () => number;
  limits: RegistryLimits;
}
