import type { NodeView } from "@fieldmesh/protocol";
import { useSignal } from "@preact/signals";
import { api } from "../api.js";
import { nodeTitle } from "../model/catalogue.js";
import { fullTime } from "../model/times.js";
import { navigate } from "../router.js";
import { ActionButton, OutcomeText, useAction } from "../view/action.js";
import { Dialog } from "../view/dialog.js";

/** Retires a node for good, once that has been confirmed. */
export function NodeRemoval({ node }: { node: NodeView }) {
  const open = useSignal(false);
  const action = useAction();
  return (
    <section class="card" aria-labelledby="remove">
      <h2 id="remove">Remove this node</h2>
      <p class="quiet">
        For a node that has been retired: its birth, status, alarms and windows go, from the broker too. A
        node that still runs announces itself again.
      </p>
      <button type="button" class="button button-danger" onClick={() => (open.value = true)}>
        Remove node…
      </button>
      {open.value && (
        <Dialog title={`Remove ${nodeTitle(node)}?`} onClose={() => (open.value = false)}>
          <div class="stack">
            <p>
              {node.presence === "online"
                ? "This node is online. Stop it first, or it comes back at its next connect."
                : `It has been ${node.presence} since ${fullTime(node.since)}.`}
            </p>
            <p>
              {node.sensors.length} {node.sensors.length === 1 ? "sensor" : "sensors"} and their alarms will
              be removed for everyone. This cannot be undone.
            </p>
            <OutcomeText outcome={action.outcome} />
            <div class="button-row">
              <ActionButton
                action={action}
                class="button-danger"
                work={async () => {
                  await api.removeNode(node.domain, node.node);
                  navigate("/");
                  return "Removed.";
                }}
              >
                Remove {node.node}
              </ActionButton>
              <button type="button" class="button button-plain" onClick={() => (open.value = false)}>
                Keep
              </button>
            </div>
          </div>
        </Dialog>
      )}
    </section>
  );
}
