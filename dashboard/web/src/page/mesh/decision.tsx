import { useSignal } from "@preact/signals";
import { mesh } from "../../mesh/api.js";
import type { Subscription } from "../../mesh/types.js";
import { localInput, parseLocalInput } from "../../model/times.js";
import { OutcomeText, useAction } from "../../view/action.js";
import { Dialog } from "../../view/dialog.js";
import { AreaField, faultOf, TextField } from "../../view/form.js";

export type Verb = "approve" | "reject" | "revoke";

const TITLE: Record<Verb, (consumer: string, product: string) => string> = {
  approve: (consumer, product) => `Let ${consumer} read ${product}?`,
  reject: (consumer, product) => `Refuse ${consumer} ${product}?`,
  revoke: (consumer, product) => `Take ${product} away from ${consumer}?`,
};
const EFFECT: Record<Verb, string> = {
  approve: "The broker and the historian let this consumer in at once.",
  reject: "Nothing changes at the broker. The consumer reads the reason.",
  revoke:
    "The broker and the historian close at once, and the consumer is disconnected. It reads the reason.",
};

/** Decides about one subscription. */
export function DecisionDialog({
  subscription,
  verb,
  onClose,
  onDecided,
}: {
  subscription: Subscription;
  verb: Verb;
  onClose: () => void;
  onDecided: () => Promise<void>;
}) {
  const { id, consumer, product, purpose, expiresAt } = subscription;
  const reason = useSignal("");
  const until = useSignal(expiresAt === undefined ? "" : localInput(expiresAt));
  const action = useAction();
  const { outcome } = action;
  const decide = async (): Promise<string> => {
    const said = reason.value.trim();
    if (verb === "approve") {
      await mesh.approve(id, {
        expiresAt: parseLocalInput(until.value) ?? null,
        ...(said === "" ? {} : { reason: said }),
      });
    } else await mesh.refuse(id, verb, said);
    await onDecided();
    onClose();
    return "Done.";
  };
  return (
    <Dialog title={TITLE[verb](consumer, product)} onClose={onClose}>
      <form
        class="stack"
        onSubmit={(event) => {
          event.preventDefault();
          void action.run(decide);
        }}
      >
        <p class="break">
          <span class="quiet">Wanted for:</span> {purpose}
        </p>
        <p class="quiet">{EFFECT[verb]}</p>
        <AreaField
          label={verb === "approve" ? "Note (optional)" : "Reason"}
          rows={2}
          required={verb !== "approve"}
          value={reason.value}
          fault={faultOf(outcome, "/reason")}
          onValue={(value) => (reason.value = value)}
        />
        {verb === "approve" && (
          <TextField
            label="Until (empty: no end)"
            type="datetime-local"
            value={until.value}
            fault={faultOf(outcome, "/expiresAt")}
            onValue={(value) => (until.value = value)}
          />
        )}
        <OutcomeText outcome={outcome} />
        <div class="button-row">
          <button
            type="submit"
            class={`button ${verb === "approve" ? "button-primary" : "button-danger"}`}
            disabled={action.busy}
          >
            {verb === "approve" ? "Approve" : verb === "reject" ? "Reject" : "Revoke"}
          </button>
          <button type="button" class="button button-plain" onClick={onClose}>
            Cancel
          </button>
        </div>
      </form>
    </Dialog>
  );
}
