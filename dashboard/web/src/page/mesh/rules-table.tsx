import type { ComponentChildren } from "preact";
import type { RuleCompliance } from "../../mesh/types.js";
import { measuredText, sourceText } from "../../mesh/verdict-words.js";
import { fullTime, timeText } from "../../model/times.js";
import { seconds } from "../../server-clock.js";
import { VerdictBadge } from "../../view/mesh-badges.js";
import { Table } from "../../view/table.js";

/** Rules with how each stands, what was measured, when and by whom. Unknown is said as such: it is never a pass. */
export function RulesTable({
  rules,
  title,
  named,
  action,
}: {
  rules: readonly RuleCompliance[];
  /** Heading of the first column. */
  title: string;
  /** A rule in words, where it has some. */
  named?: (rule: RuleCompliance) => ComponentChildren;
  /** What can be done about a rule. */
  action?: (rule: RuleCompliance) => ComponentChildren;
}) {
  const now = seconds.value;
  return (
    <Table
      class="stacked verdicts"
      columns={[
        { label: title },
        { label: "Verdict" },
        { label: "Measured", number: true },
        { label: "When" },
        { label: "Where from" },
        { label: "Why" },
      ]}
    >
      {rules.map((rule, i) => (
        <tr
          key={`${rule.policy} ${rule.rule} ${i}`}
          data-rule={rule.rule}
          data-verdict={rule.verdict}
          data-policy={rule.policy}
        >
          <th scope="row">
            {named?.(rule) ?? <code>{rule.rule}</code>}
            {rule.enforcement === "advisory" && <span class="quiet"> advisory</span>}
            {rule.overruled !== undefined && (
              <span class="quiet overruled"> does not count: {rule.overruled}</span>
            )}
          </th>
          <td data-label="Verdict">
            <VerdictBadge verdict={rule.verdict} />
          </td>
          <td data-label="Measured" class="number">
            {rule.measured === undefined ? <span class="quiet nothing">–</span> : measuredText(rule)}
          </td>
          <td data-label="When">
            {rule.at === undefined ? (
              <span class="quiet nothing">–</span>
            ) : (
              <time title={fullTime(rule.at)}>{timeText(rule.at, now)}</time>
            )}
          </td>
          <td data-label="Where from" class="wide-cell">
            {sourceText(rule)} {action?.(rule)}
          </td>
          <td data-label="Why" class="wide-cell">
            {rule.reason}
          </td>
        </tr>
      ))}
    </Table>
  );
}
