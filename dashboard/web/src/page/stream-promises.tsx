import type { ObjectiveReport } from "@fieldmesh/protocol";
import { MEASURE_WORD, promiseText, shareText } from "../model/quality.js";
import { Budget } from "../view/budget.js";
import { ObjectiveBadge } from "../view/objective-badge.js";

/** What a stream promises, how much of it was kept, and what is left of its error budgets. */
export function Promises({ objectives }: { objectives: readonly ObjectiveReport[] }) {
  if (objectives.length === 0) return <p class="empty-line">Nothing is promised of this stream.</p>;
  return (
    <ul class="promises">
      {objectives.map((objective) => (
        <PromiseItem key={objective.id} objective={objective} />
      ))}
    </ul>
  );
}

function PromiseItem({ objective }: { objective: ObjectiveReport }) {
  const { measure, actual, state } = objective;
  return (
    <li class="promise" data-objective={measure} data-state={state}>
      <h3>{MEASURE_WORD[measure]}</h3>
      <p class="promise-state">
        <ObjectiveBadge objective={objective} />
      </p>
      <p class="promise-what quiet">
        {promiseText(objective)}
        {actual !== null && ` · ${shareText(actual)} so far`}
      </p>
      <Budget objective={objective} />
    </li>
  );
}
