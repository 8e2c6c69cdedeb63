import type { ComplianceChange } from "../resources/compliance.js";
import type { Standing } from "../store/governance-collections.js";
import type { Judgement } from "./judge.js";

/** What is different from what was recorded; undefined when nothing is. */
export function changeOf(
  { product, version, state, rules }: Judgement["report"],
  standing: Standing | undefined,
  at: number,
): ComplianceChange | undefined {
  const before = new Map((standing?.verdicts ?? []).map((each) => [keyOf(each), each]));
  const changed: ComplianceChange["rules"] = [];
  for (const { policy, rule, verdict, reason } of rules) {
    const was = before.get(keyOf({ policy, rule }));
    before.delete(keyOf({ policy, rule }));
    if (was?.verdict === verdict) continue;
    changed.push({ policy, rule, before: was?.verdict ?? null, verdict, reason });
  }
  for (const { policy, rule, verdict } of before.values()) {
    changed.push({ policy, rule, before: verdict, verdict: null, reason: "it is asked no more" });
  }
  const isSame = standing !== undefined && standing.state === state && standing.version === version;
  if (isSame && changed.length === 0) return undefined;
  return { product, version, at, state, before: standing?.state ?? null, rules: changed };
}

function keyOf({ policy, rule }: { policy: string; rule: string }): string {
  return `${policy} ${rule}`;
}

/** Something that was known is not known: after a start its measurement may still be on its way. */
export function isForgetting({ rules }: ComplianceChange): boolean {
  return rules.some(({ before, verdict }) => before !== null && verdict === "unknown");
}
