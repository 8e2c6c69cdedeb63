import type { FactSource, RuleCompliance } from "./types.js";

const number = new Intl.NumberFormat(undefined, { maximumFractionDigits: 3 });

/** What was measured, with its unit. */
export function measuredText({ measured, unit }: Pick<RuleCompliance, "measured" | "unit">): string {
  if (measured === undefined) return "nothing";
  return unit === undefined ? number.format(measured) : `${number.format(measured)}\u00a0${unit}`;
}

const SOURCE_WORD: Record<FactSource, string> = {
  measured: "historian",
  posted: "posted",
  declared: "declared of the product",
  attested: "the owner's word, not measured",
  none: "nobody has measured it",
};

/** Where a figure comes from, and by whom. */
export function sourceText({ source, by, stream }: Pick<RuleCompliance, "source" | "by" | "stream">): string {
  // The registry names who measured or posted: `historian, 24h of env_desk_temperature`, `posted by ann`.
  if (source === "measured" || source === "posted") {
    const who = by ?? SOURCE_WORD[source];
    return stream === undefined || who.includes(stream) ? who : `${who}; the worst of its streams: ${stream}`;
  }
  return source === "attested" && by !== undefined ? `${SOURCE_WORD[source]}: ${by}` : SOURCE_WORD[source];
}

/** A rule of a bare word is a claim that only the owner can attest. */
export function attestable(rule: string): boolean {
  return /^[a-z_][\w-]*$/i.test(rule);
}
