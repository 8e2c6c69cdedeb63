import { useSignal } from "@preact/signals";
import { governance } from "../../mesh/governance.js";
import { productHref } from "../../mesh/place.js";
import type { Subscription } from "../../mesh/types.js";
import { waiting } from "../../mesh/waiting.js";
import { fullTime, timeText } from "../../model/times.js";
import { seconds } from "../../server-clock.js";
import { session } from "../../state.js";
import { Check, Cross } from "../../view/icons.js";
import { MeshTabs } from "../../view/mesh-tabs.js";
import { PageTitle } from "../../view/page-title.js";
import { Read } from "../../view/read.js";
import { useRead } from "../../view/use-read.js";
import { DecisionDialog, type Verb } from "./decision.js";
import { SubscriptionsTable } from "./subscriptions-table.js";

/** Requests for access: what waits for the user, and what became of the user's own. */
export function RequestsPage() {
  const user = session.value.state === "signed-in" ? session.value.name : "";
  const inbox = useRead("inbox", async (signal) => {
    const list = await governance.inbox(signal);
    waiting.value = list.total;
    return list;
  });
  const mine = useRead(`mine ${user}`, (signal) => governance.mine(user, signal));
  const deciding = useSignal<{ subscription: Subscription; verb: Verb } | undefined>(undefined);
  const reload = async (): Promise<void> => {
    await Promise.all([inbox.reload(), mine.reload()]);
  };
  return (
    <>
      <div class="page-head">
        <PageTitle title="Access requests" />
        <MeshTabs at="requests" />
      </div>
      <section class="card" aria-labelledby="inbox">
        <h2 id="inbox">Waiting for you</h2>
        <Read reading={inbox}>
          {({ items, total }) =>
            items.length === 0 ? (
              <p class="empty-line">
                <Check /> Nobody waits for your decision.
              </p>
            ) : (
              <>
                <ul class="products">
                  {longestFirst(items).map((subscription) => (
                    <Request
                      key={subscription.id}
                      subscription={subscription}
                      onVerb={(verb) => (deciding.value = { subscription, verb })}
                    />
                  ))}
                </ul>
                {total > items.length && <p class="quiet">{total - items.length} more wait after these.</p>}
              </>
            )
          }
        </Read>
      </section>
      <section class="card" aria-labelledby="mine">
        <h2 id="mine">Asked by you</h2>
        <Read reading={mine}>
          {(items) =>
            items.length === 0 ? (
              <p class="empty-line">You have asked for nothing yet. A product's page has it under Access.</p>
            ) : (
              <SubscriptionsTable
                subscriptions={items}
                withProduct
                decides={() => false}
                onDecided={reload}
              />
            )
          }
        </Read>
      </section>
      {deciding.value !== undefined && (
        <DecisionDialog {...deciding.value} onClose={() => (deciding.value = undefined)} onDecided={reload} />
      )}
    </>
  );
}

function longestFirst(items: readonly Subscription[]): Subscription[] {
  return [...items].sort((a, b) => a.createdAt - b.createdAt);
}

function Request({
  subscription: { id, consumer, consumerDomain, product, purpose, expiresAt, askedBy, createdAt },
  onVerb,
}: {
  subscription: Subscription;
  onVerb: (verb: Verb) => void;
}) {
  const now = seconds.value;
  return (
    <li class="product-row" data-request={id} data-consumer={consumer} data-of={product}>
      <div class="product-what">
        <h3 class="product-name break">
          {consumer} <span class="request-wants">wants</span>{" "}
          <a href={productHref(product, "access")}>{product}</a>
        </h3>
        <p class="break">{purpose}</p>
        <p class="product-meta quiet">
          <span>
            waits since <time title={fullTime(createdAt)}>{timeText(createdAt, now)}</time>
          </span>
          {consumerDomain !== undefined && <span>of {consumerDomain}</span>}
          {askedBy !== consumer && <span>asked by {askedBy}</span>}
          {expiresAt !== undefined && (
            <span>
              until <time title={fullTime(expiresAt)}>{timeText(expiresAt, now)}</time>
            </span>
          )}
        </p>
      </div>
      <div class="product-side button-row">
        <button
          type="button"
          class="button button-small button-primary"
          aria-label={`Approve ${consumer} for ${product}`}
          onClick={() => onVerb("approve")}
        >
          <Check /> Approve
        </button>
        <button
          type="button"
          class="button button-small"
          aria-label={`Reject ${consumer} for ${product}`}
          onClick={() => onVerb("reject")}
        >
          <Cross /> Reject
        </button>
      </div>
    </li>
  );
}
