import type { ObjectiveReport, QualityReport } from "@fieldmesh/protocol";
import { actualText, isInTrouble, MEASURE_WORD, promiseText } from "../model/quality.js";
import { Affected } from "../view/affected.js";
import { Budget } from "../view/budget.js";
import { ObjectiveBadge } from "../view/objective-badge.js";

/** What a stream promises, how much of it was kept, and what is left of its error budgets. */
export function Promises({ report }: { report: QualityReport }) {
  const { objectives } = report;
  if (objectives.length === 0) return <p class="empty-line">Nothing is promised of this stream.</p>;
  return (
    <>
      <ul class="promises">
        {objectives.map((objective) => (
          <PromiseItem key={objective.id} objective={objective} report={report} />
        ))}
      </ul>
      {objectives.some(isInTrouble) && <Affected streams={[report.stream]} />}
    </>
  );
}

function PromiseItem({ objective, report }: { objective: ObjectiveReport; report: QualityReport }) {
  const { measure, state } = objective;
  return (
    <li class="promise" data-objective={measure} data-state={state}>
      <h3>{MEASURE_WORD[measure]}</h3>
      <p class="promise-state">
        <ObjectiveBadge objective={objective} />
      </p>
      <p class="promise-what quiet">
        {[promiseText(objective), actualText(objective, report)].filter(Boolean).join(" · ")}
      </p>
      <Budget objective={objective} />
    </li>
  );
}
