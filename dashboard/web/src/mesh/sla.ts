import type { Sla } from "./types.js";

export const SLA_NAMES = ["availability", "freshness", "completeness", "validity", "timeliness"] as const;
export type SlaName = (typeof SLA_NAMES)[number];

export const SLA_WORD: Record<SlaName, string> = {
  availability: "Availability",
  freshness: "Freshness",
  completeness: "Completeness",
  validity: "Validity",
  timeliness: "Timeliness",
};

/** What each means, with its promise in it. */
const SENTENCE: Record<SlaName, (value: string) => string> = {
  availability: (value) => `fresh for ${value} of the time`,
  freshness: (value) => `its newest value is at most ${value} old`,
  completeness: (value) => `${value} of what is expected comes`,
  validity: (value) => `${value} meets the contract`,
  timeliness: (value) => `here within ${value} of being read`,
};

/** Each promise in words, in a steady order. */
export function slaPromises(sla: Sla): { name: SlaName; word: string; promise: string }[] {
  return SLA_NAMES.flatMap((name) => {
    const value = sla[name];
    if (value === undefined) return [];
    const text =
      typeof value === "number" ? `${value}\u00a0%` : value.replace(/^([\d.]+)([a-z]+)$/, "$1\u00a0$2");
    return [{ name, word: SLA_WORD[name], promise: SENTENCE[name](text) }];
  });
}
