import { useSignal } from "@preact/signals";
import { mesh } from "../../mesh/api.js";
import { parseLocalInput } from "../../model/times.js";
import { session } from "../../state.js";
import { OutcomeText, useAction } from "../../view/action.js";
import { Dialog } from "../../view/dialog.js";
import { AreaField, faultOf, TextField } from "../../view/form.js";

/** Asks the owner of a product for access, with what it is wanted for. */
export function AskDialog({
  product,
  forOthers,
  onClose,
  onAsked,
}: {
  product: string;
  /** Who decides may ask in another's name, as of a program. */
  forOthers: boolean;
  onClose: () => void;
  onAsked: () => Promise<void>;
}) {
  const now = session.value;
  const consumer = useSignal(now.state === "signed-in" ? now.name : "");
  const purpose = useSignal("");
  const until = useSignal("");
  const action = useAction();
  const { outcome } = action;
  return (
    <Dialog title={`Ask for ${product}`} onClose={onClose}>
      <form
        class="stack"
        onSubmit={(event) => {
          event.preventDefault();
          void action.run(async () => {
            const expiresAt = parseLocalInput(until.value);
            await mesh.subscribe(product, {
              purpose: purpose.value.trim(),
              ...(forOthers && consumer.value.trim() !== "" ? { consumer: consumer.value.trim() } : {}),
              ...(expiresAt === undefined ? {} : { expiresAt }),
            });
            await onAsked();
            onClose();
            return "Asked.";
          });
        }}
      >
        <AreaField
          label="What is it wanted for?"
          hint="its owner decides by this, and it is kept"
          required
          value={purpose.value}
          fault={faultOf(outcome, "/purpose")}
          onValue={(value) => (purpose.value = value)}
        />
        {forOthers && (
          <TextField
            label="Consumer"
            hint="a user, or a name for a program's credential"
            required
            value={consumer.value}
            fault={faultOf(outcome, "/consumer")}
            onValue={(value) => (consumer.value = value)}
          />
        )}
        <TextField
          label="Until (optional)"
          type="datetime-local"
          value={until.value}
          fault={faultOf(outcome, "/expiresAt")}
          onValue={(value) => (until.value = value)}
        />
        <OutcomeText outcome={outcome} />
        <div class="button-row">
          <button type="submit" class="button button-primary" disabled={action.busy}>
            Ask
          </button>
          <button type="button" class="button button-plain" onClick={onClose}>
            Cancel
          </button>
        </div>
      </form>
    </Dialog>
  );
}
