import { useSignal } from "@preact/signals";
import { mesh } from "../../mesh/api.js";
import type { Product } from "../../mesh/types.js";
import { session } from "../../state.js";
import { OutcomeText, useAction } from "../../view/action.js";
import { Dialog } from "../../view/dialog.js";
import { AreaField, faultOf, TextField } from "../../view/form.js";
import { useRead } from "../../view/use-read.js";

/** Makes somebody the owner of a stream that was only seen so far. */
export function ClaimDialog({
  product,
  onClose,
  onClaimed,
}: {
  product: Product;
  onClose: () => void;
  onClaimed: () => Promise<void>;
}) {
  const now = session.value;
  const owner = useSignal(now.state === "signed-in" && now.required ? now.name : "");
  const domain = useSignal(product.domain);
  const description = useSignal(product.description);
  const active = useSignal(true);
  const action = useAction();
  const domains = useRead("domains", mesh.domains);
  return (
    <Dialog title={`Claim ${product.id}`} onClose={onClose}>
      <form
        class="stack"
        onSubmit={(event) => {
          event.preventDefault();
          void action.run(async () => {
            await mesh.claim(product.id, {
              owner: owner.value.trim(),
              domain: domain.value.trim(),
              status: active.value ? "active" : "draft",
              ...(description.value === "" ? {} : { description: description.value }),
            });
            await onClaimed();
            onClose();
            return "Claimed.";
          });
        }}
      >
        <p class="quiet">
          The owner answers for what the product promises, and decides who reads it. It stays a draft until it
          is set active.
        </p>
        <TextField
          label="Owner"
          hint="a person, a team or an address of theirs"
          required
          value={owner.value}
          fault={faultOf(action.outcome, "/owner")}
          onValue={(value) => (owner.value = value)}
        />
        <TextField
          label="Domain"
          required
          value={domain.value}
          list={domains.data?.items.map(({ id }) => id) ?? []}
          fault={faultOf(action.outcome, "/domain")}
          onValue={(value) => (domain.value = value)}
        />
        <AreaField
          label="Description"
          value={description.value}
          fault={faultOf(action.outcome, "/description")}
          onValue={(value) => (description.value = value)}
        />
        <label class="check">
          <input
            type="checkbox"
            checked={active.value}
            onChange={(event) => (active.value = event.currentTarget.checked)}
          />
          Active at once
        </label>
        <OutcomeText outcome={action.outcome} />
        <div class="button-row">
          <button type="submit" class="button button-primary" disabled={action.busy}>
            Claim
          </button>
          <button type="button" class="button button-plain" onClick={onClose}>
            Not now
          </button>
        </div>
      </form>
    </Dialog>
  );
}
