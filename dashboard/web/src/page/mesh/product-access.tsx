import { useSignal } from "@preact/signals";
import { mesh } from "../../mesh/api.js";
import { mayDecide } from "../../mesh/rights.js";
import type { Subscription } from "../../mesh/types.js";
import { session } from "../../state.js";
import { Read } from "../../view/read.js";
import { useRead } from "../../view/use-read.js";
import { AccessLog } from "./access-log.js";
import { AskDialog } from "./ask.js";
import { HowToRead } from "./how-to-read.js";
import type { ProductProps } from "./product.js";
import { SubscriptionsTable } from "./subscriptions-table.js";

/** Who reads a product, how, and who did. */
export function ProductAccessPart({ product }: ProductProps) {
  const { id } = product;
  const subscriptions = useRead(`subscriptions ${id}`, (signal) => mesh.subscriptionsOf(id, signal));
  const access = useRead(`access ${id}`, (signal) => mesh.access(id, signal));
  const domain = useRead(`domain ${product.domain}`, (signal) => mesh.domain(product.domain, signal));
  const asking = useSignal(false);
  /** What was done here, for the log to tell of it. */
  const changes = useSignal(0);
  const decides = mayDecide(product, domain.data?.value);
  const own = ownOf(subscriptions.data?.items ?? []);
  const reload = async (): Promise<void> => {
    await Promise.all([subscriptions.reload(), access.reload()]);
    changes.value += 1;
  };
  const mayAsk = product.status !== "retired" && own?.state !== "approved" && own?.state !== "requested";
  return (
    <>
      <section class="card" aria-labelledby="how-to-read">
        <div class="card-head">
          <h2 id="how-to-read">How you read it</h2>
          {(mayAsk || decides) && product.status !== "retired" && (
            <button type="button" class="button button-small" onClick={() => (asking.value = true)}>
              {mayAsk ? "Ask for access" : "Ask for somebody else"}
            </button>
          )}
        </div>
        <Read reading={access} missing="This registry does not tell how to get at a product.">
          {(told) => <HowToRead product={product} access={told} own={own} onMade={reload} />}
        </Read>
      </section>
      <section class="card" aria-labelledby="consumers">
        <h2 id="consumers">Consumers</h2>
        <Read reading={subscriptions} missing="This registry keeps no subscriptions.">
          {({ items }) =>
            items.length === 0 ? (
              <p class="empty-line">
                {decides ? "Nobody has asked for it yet." : "You have not asked for it. Its owner sees all."}
              </p>
            ) : (
              <SubscriptionsTable subscriptions={items} decides={() => decides} onDecided={reload} />
            )
          }
        </Read>
      </section>
      {/* Of others the registry keeps it, and notes each look at it as a refusal. */}
      {decides && <AccessLog product={id} changes={changes.value} />}
      {asking.value && (
        <AskDialog product={id} forOthers={decides} onClose={() => (asking.value = false)} onAsked={reload} />
      )}
    </>
  );
}

function ownOf(subscriptions: readonly Subscription[]): Subscription | undefined {
  const now = session.value;
  return now.state === "signed-in" ? subscriptions.find(({ consumer }) => consumer === now.name) : undefined;
}
