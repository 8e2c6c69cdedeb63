import { useSignal } from "@preact/signals";
import { mesh } from "../../mesh/api.js";
import type { Tagged } from "../../mesh/request.js";
import type { Domain } from "../../mesh/types.js";
import { OutcomeText, useAction } from "../../view/action.js";
import { Dialog } from "../../view/dialog.js";
import { AreaField, faultOf, TextField } from "../../view/form.js";

/** Registers a domain, or changes one that has been seen. */
export function DomainDialog({
  seen,
  onClose,
  onSaved,
}: {
  seen?: Tagged<Domain>;
  onClose: () => void;
  onSaved: (id: string) => Promise<void>;
}) {
  const given = seen?.value;
  const id = useSignal(given?.id ?? "");
  const name = useSignal(given?.name ?? "");
  const owner = useSignal(given?.owner ?? "");
  const team = useSignal(given?.team.join("\n") ?? "");
  const description = useSignal(given?.description ?? "");
  // As it was when the form was opened.
  const etag = useSignal(seen?.etag);
  const action = useAction();
  const { outcome } = action;
  return (
    <Dialog title={given === undefined ? "Register a domain" : `Edit ${given.name}`} onClose={onClose}>
      <form
        class="stack"
        onSubmit={(event) => {
          event.preventDefault();
          void action.run(async () => {
            const declared = {
              name: name.value.trim() || id.value.trim(),
              owner: owner.value.trim(),
              team: team.value
                .split(/[\n,]/)
                .map((one) => one.trim())
                .filter(Boolean),
              description: description.value,
            };
            if (etag.value === undefined) await mesh.registerDomain({ id: id.value.trim(), ...declared });
            else await mesh.changeDomain(id.value, etag.value, declared);
            onClose();
            await onSaved(id.value.trim());
            return "Saved.";
          });
        }}
      >
        <div class="field-grid">
          {given === undefined && (
            <TextField
              label="Id"
              hint="letters, digits, _ and -; streams have small letters only"
              required
              value={id.value}
              fault={faultOf(outcome, "/id")}
              onValue={(value) => (id.value = value)}
            />
          )}
          <TextField
            label="Name"
            value={name.value}
            fault={faultOf(outcome, "/name")}
            onValue={(value) => (name.value = value)}
          />
          <TextField
            label="Owner"
            required
            value={owner.value}
            fault={faultOf(outcome, "/owner")}
            onValue={(value) => (owner.value = value)}
          />
        </div>
        <AreaField
          label="Team"
          hint="one a line: they may change its products"
          value={team.value}
          fault={faultOf(outcome, "/team")}
          onValue={(value) => (team.value = value)}
        />
        <AreaField
          label="Description"
          value={description.value}
          fault={faultOf(outcome, "/description")}
          onValue={(value) => (description.value = value)}
        />
        <OutcomeText outcome={outcome} />
        <div class="button-row">
          <button type="submit" class="button button-primary" disabled={action.busy}>
            {given === undefined ? "Register" : "Save"}
          </button>
          <button type="button" class="button button-plain" onClick={onClose}>
            Cancel
          </button>
        </div>
      </form>
    </Dialog>
  );
}
