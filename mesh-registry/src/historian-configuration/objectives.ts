import type { Product } from "../resources/product.js";

type Sla = Product["sla"];

/** What the historian is told that a stream promises; shares as 0 to 1, times as `…ms`. */
export interface Objectives {
  availability?: { target?: number; within?: string };
  completeness?: { target: number } | false;
  validity?: { target: number } | false;
  timeliness?: { within: string };
}

/** A promise without any error has no budget: this is as near to it as is measured. */
const MAX_TARGET = 0.99999;
/** What the historian takes. */
const MIN_WITHIN_MS = 100;
const MAX_WITHIN_MS = 30 * 86_400_000;
const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/**
 * The objectives that an SLA means. What it says nothing of keeps the historian's default; a share of 0 promises
 * nothing.
 */
export function objectivesOf({
  availability,
  freshness,
  completeness,
  validity,
  timeliness,
}: Sla): Objectives {
  const fresh = freshness === undefined ? {} : { within: withinOf(freshness) };
  const available =
    availability === undefined || availability === 0 ? {} : { target: targetOf(availability) };
  const hasAvailability = availability !== undefined || freshness !== undefined;
  return {
    ...(hasAvailability ? { availability: { ...available, ...fresh } } : {}),
    ...(completeness === undefined ? {} : { completeness: shareOf(completeness) }),
    ...(validity === undefined ? {} : { validity: shareOf(validity) }),
    ...(timeliness === undefined ? {} : { timeliness: { within: withinOf(timeliness) } }),
  };
}

function shareOf(percent: number): { target: number } | false {
  return percent === 0 ? false : { target: targetOf(percent) };
}

function targetOf(percent: number): number {
  return Math.min(MAX_TARGET, Number((percent / 100).toPrecision(12)));
}

function withinOf(duration: string): string {
  const [, amount = "", unit = ""] = /^([\d.]+)(ms|s|m|h|d)$/.exec(duration) ?? [];
  const ms = Math.round(Number(amount) * (UNIT_MS[unit] ?? 0));
  return `${Math.min(MAX_WITHIN_MS, Math.max(MIN_WITHIN_MS, ms))}ms`;
}
