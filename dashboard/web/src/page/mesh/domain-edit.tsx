import { useSignal } from "@preact/signals";
import { mesh } from "../../mesh/api.js";
import type { Tagged } from "../../mesh/request.js";
import type { Domain } from "../../mesh/types.js";
import { AreaField, TextField } from "../../view/form.js";
import { FormDialog, useForm } from "../../view/form-dialog.js";

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
  const form = useForm();
  const save = async (): Promise<void> => {
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
    await onSaved(id.value.trim());
  };
  return (
    <FormDialog
      title={given === undefined ? "Register a domain" : `Edit ${given.name}`}
      form={form}
      submit={given === undefined ? "Register" : "Save"}
      work={save}
      onClose={onClose}
    >
      <div class="field-grid">
        {given === undefined && (
          <TextField
            label="Id"
            hint="letters, digits, _ and -; streams have small letters only"
            required
            {...form.field(id, "/id")}
          />
        )}
        <TextField label="Name" {...form.field(name, "/name")} />
        <TextField label="Owner" required {...form.field(owner, "/owner")} />
      </div>
      <AreaField
        label="Team"
        hint="one a line: they may change its products"
        {...form.field(team, "/team")}
      />
      <AreaField label="Description" {...form.field(description, "/description")} />
    </FormDialog>
  );
}
