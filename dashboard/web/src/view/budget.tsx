import type { ObjectiveReport } from "@fieldmesh/protocol";
import { budgetText } from "../model/quality.js";

/** An error budget as a bar of what is left of it, and in words; empty when it is overspent. */
export function Budget({ objective }: { objective: ObjectiveReport }) {
  const { budgetLeft: left } = objective;
  const share = left === null ? 0 : Math.min(1, Math.max(0, left));
  const tone = left === null ? "none" : left <= 0 ? "broken" : left < 0.5 ? "tight" : "good";
  return (
    <span class={`budget budget-${tone}`} data-budget={tone}>
      <span class="budget-bar" aria-hidden="true">
        <span style={{ width: `${share * 100}%` }} />
      </span>
      <span>{budgetText(objective)}</span>
    </span>
  );
}
