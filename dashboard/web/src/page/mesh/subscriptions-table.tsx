import { useSignal } from "@preact/signals";
import { productHref } from "../../mesh/place.js";
import type { Subscription } from "../../mesh/types.js";
import { fullTime, timeText } from "../../model/times.js";
import { seconds } from "../../server-clock.js";
import { may, session } from "../../state.js";
import { SubscriptionBadge } from "../../view/mesh-badges.js";
import { type Column, Table } from "../../view/table.js";
import { CredentialDialog } from "./credential.js";
import { DecisionDialog, type Verb } from "./decision.js";

/** Subscriptions with what became of them, and the buttons that decide about them. */
export function SubscriptionsTable({
  subscriptions,
  withProduct = false,
  decides,
  onDecided,
}: {
  subscriptions: readonly Subscription[];
  /** Of several products: each row names its own. */
  withProduct?: boolean;
  /** Whether the user may be allowed to decide about this one. */
  decides: (subscription: Subscription) => boolean;
  onDecided: () => Promise<void>;
}) {
  const open = useSignal<{ subscription: Subscription; verb: Verb } | undefined>(undefined);
  const equipping = useSignal<Subscription | undefined>(undefined);
  const now = seconds.value;
  const user = session.value.state === "signed-in" ? session.value.name : undefined;
  const columns: Column[] = [
    { label: "Consumer" },
    ...(withProduct ? [{ label: "Product" }] : []),
    { label: "State" },
    { label: "Wanted for" },
    { label: "Until" },
    { label: "Decision" },
    { label: "Actions", unlabelled: true },
  ];
  return (
    <>
      <Table class="stacked subscriptions" columns={columns}>
        {subscriptions.map((subscription) => {
          const { id, consumer, consumerDomain, product, state, purpose, expiresAt } = subscription;
          return (
            <tr key={id} data-subscription={id} data-consumer={consumer} data-state={state}>
              <th scope="row">
                {consumer}
                {consumerDomain !== undefined && <span class="quiet"> of {consumerDomain}</span>}
              </th>
              {withProduct && (
                <td data-label="Product">
                  <a class="break" href={productHref(product, "access")}>
                    {product}
                  </a>
                </td>
              )}
              <td data-label="State">
                <SubscriptionBadge state={state} />
              </td>
              <td data-label="Wanted for" class="wide-cell break">
                {purpose}
              </td>
              <td data-label="Until">
                {expiresAt === undefined ? (
                  <span class="quiet">no end</span>
                ) : (
                  <time title={fullTime(expiresAt)}>{timeText(expiresAt, now)}</time>
                )}
              </td>
              <td data-label="Decision" class="wide-cell break">
                <DecisionText subscription={subscription} />
              </td>
              <td>
                <div class="button-row">
                  {verbsOf(subscription, decides(subscription), consumer === user).map((verb) => (
                    <button
                      key={verb}
                      type="button"
                      class={`button button-small ${verb === "approve" ? "button-primary" : ""}`}
                      aria-label={`${WORD[verb]} ${consumer}`}
                      onClick={() => (open.value = { subscription, verb })}
                    >
                      {WORD[verb]}
                    </button>
                  ))}
                  {state === "approved" && may("admin") && consumer !== user && (
                    <button
                      type="button"
                      class="button button-small"
                      aria-label={`Credential of ${consumer}`}
                      onClick={() => (equipping.value = subscription)}
                    >
                      Credential
                    </button>
                  )}
                </div>
              </td>
            </tr>
          );
        })}
      </Table>
      {open.value !== undefined && (
        <DecisionDialog {...open.value} onClose={() => (open.value = undefined)} onDecided={onDecided} />
      )}
      {equipping.value !== undefined && (
        <CredentialDialog
          consumer={equipping.value.consumer}
          subscription={equipping.value.id}
          onClose={() => (equipping.value = undefined)}
        />
      )}
    </>
  );
}

const WORD: Record<Verb, string> = { approve: "Approve", reject: "Reject", revoke: "Revoke" };

/** What can be done with it: consumers leave by themselves. */
function verbsOf({ state }: Subscription, decides: boolean, own: boolean): Verb[] {
  if (state === "requested" && decides) return ["approve", "reject"];
  if (state === "approved" && (decides || own)) return ["revoke"];
  return [];
}

function DecisionText({ subscription: { decidedBy, reason, updatedAt } }: { subscription: Subscription }) {
  if (decidedBy === undefined) return <span class="quiet">none yet</span>;
  return (
    <>
      {reason !== undefined && `${reason} `}
      <span class="quiet">
        {deciderText(decidedBy)},{" "}
        <time title={fullTime(updatedAt)}>{timeText(updatedAt, seconds.value)}</time>
      </span>
    </>
  );
}

/** What the registry did by itself is said as such. */
function deciderText(name: string): string {
  if (name === "registry:policy") return "by the access policy";
  if (name === "registry:expiry") return "its time was over";
  if (name === "registry:retired") return "the product was retired";
  return `by ${name}`;
}
