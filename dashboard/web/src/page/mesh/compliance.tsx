import { useSignal } from "@preact/signals";
import { mesh } from "../../mesh/api.js";
import { mayDecide } from "../../mesh/rights.js";
import type { ComplianceReport, Product, RuleCompliance } from "../../mesh/types.js";
import { attestable } from "../../mesh/verdict-words.js";
import { fullTime, timeText } from "../../model/times.js";
import { seconds } from "../../server-clock.js";
import { ActionButton } from "../../view/action.js";
import { AreaField } from "../../view/form.js";
import { FormDialog, useForm } from "../../view/form-dialog.js";
import { ComplianceBadge, VerdictBadge } from "../../view/mesh-badges.js";
import { Read } from "../../view/read.js";
import { Table } from "../../view/table.js";
import { type Reading, useRead } from "../../view/use-read.js";
import { RulesTable } from "./rules-table.js";

/** How a product stands against the policies that are for it. */
export function ComplianceCard({
  product,
  reading,
  ownPolicy,
}: {
  product: Product;
  reading: Reading<ComplianceReport>;
  /** Its own promises, which are shown elsewhere. */
  ownPolicy: string;
}) {
  const attesting = useSignal<string | undefined>(undefined);
  const domain = useRead(`domain ${product.domain}`, (signal) => mesh.domain(product.domain, signal));
  const decides = mayDecide(product, domain.data?.value);
  const now = seconds.value;
  const action = ({ rule, source }: RuleCompliance) =>
    decides && attestable(rule) && (source === "none" || source === "attested") ? (
      <button type="button" class="link-button" onClick={() => (attesting.value = rule)}>
        {source === "none" ? "Attest it" : "Change"}
      </button>
    ) : null;
  return (
    <section class="card" aria-labelledby="compliance" data-compliance={reading.data?.state}>
      <h2 id="compliance">Compliance</h2>
      <Read reading={reading} missing="This registry does not judge products.">
        {({ state, reason, since, judgedAt, rules }) => (
          <>
            <p class="may">
              <ComplianceBadge state={state} />
              <span>{reason}</span>
              <span class="quiet">
                {since !== null && `since ${timeText(since, now)}, `}judged {timeText(judgedAt, now)}
              </span>
            </p>
            {[...byPolicy(rules, ownPolicy)].map(([policy, ofIt]) => (
              <div key={policy} class="policy">
                <h3>
                  {policy} <span class="quiet">{ofIt[0]?.enforcement}</span>
                </h3>
                <RulesTable title="Rule" rules={ofIt} action={action} />
              </div>
            ))}
          </>
        )}
      </Read>
      {attesting.value !== undefined && (
        <AttestDialog
          product={product.id}
          claim={attesting.value}
          onClose={() => (attesting.value = undefined)}
          onDone={reading.reload}
        />
      )}
    </section>
  );
}

function byPolicy(rules: readonly RuleCompliance[], except: string): Map<string, RuleCompliance[]> {
  const found = new Map<string, RuleCompliance[]>();
  for (const rule of rules) {
    if (rule.policy === except) continue;
    found.set(rule.policy, [...(found.get(rule.policy) ?? []), rule]);
  }
  return found;
}

/** The owner's word for what nobody measures. */
function AttestDialog({
  product,
  claim,
  onClose,
  onDone,
}: {
  product: string;
  claim: string;
  onClose: () => void;
  onDone: () => Promise<void>;
}) {
  const note = useSignal("");
  const form = useForm();
  const attest = async (): Promise<void> => {
    await mesh.attest(product, claim, note.value);
    await onDone();
  };
  const withdraw = async (): Promise<string> => {
    await mesh.withdraw(product, claim);
    await onDone();
    onClose();
    return "Done.";
  };
  return (
    <FormDialog
      title={`Attest ${claim}?`}
      form={form}
      submit="Attest"
      work={attest}
      beside={
        <ActionButton action={form} work={withdraw}>
          Take back
        </ActionButton>
      }
      onClose={onClose}
    >
      <p>
        Nobody measures this: it is your word, and is shown as such, with your name and the time, to everybody
        who sees {product}.
      </p>
      <AreaField
        label="Note (optional)"
        hint="as where it is written down, or who has checked it"
        {...form.field(note, "/note")}
      />
    </FormDialog>
  );
}

/** When a product began to comply, and when it ceased to. */
export function ComplianceHistory({ product }: { product: string }) {
  const reading = useRead(`compliance history ${product}`, (signal) =>
    mesh.complianceHistory(product, signal),
  );
  const now = seconds.value;
  return (
    <section class="card" aria-labelledby="compliance-history">
      <h2 id="compliance-history">Changes</h2>
      <Read reading={reading} missing="This registry keeps no history of compliance.">
        {({ items }) =>
          items.length === 0 ? (
            <p class="empty-line">It has stood like this since it was first judged.</p>
          ) : (
            <Table
              class="stacked"
              columns={[{ label: "When" }, { label: "It was then" }, { label: "Because of" }]}
            >
              {items.map(({ at, state, rules }) => (
                <tr key={at} data-changed={state}>
                  <th scope="row">
                    <time title={fullTime(at)}>{timeText(at, now)}</time>
                  </th>
                  <td data-label="It was then">
                    <ComplianceBadge state={state} />
                  </td>
                  <td data-label="Because of" class="wide-cell">
                    <ul class="plain-list">
                      {rules.map(({ policy, rule, verdict, reason }) => (
                        <li key={`${policy} ${rule}`} class="may">
                          {verdict === null ? (
                            <span class="quiet">no longer asked</span>
                          ) : (
                            <VerdictBadge verdict={verdict} />
                          )}
                          <code>{rule}</code> <span class="quiet">{reason}</span>
                        </li>
                      ))}
                    </ul>
                  </td>
                </tr>
              ))}
            </Table>
          )
        }
      </Read>
    </section>
  );
}
