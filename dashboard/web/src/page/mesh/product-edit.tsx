import { useSignal } from "@preact/signals";
import { ApiError } from "../../api.js";
import { mesh } from "../../mesh/api.js";
import { type ProductForm, toForm, toUpdate } from "../../mesh/product-form.js";
import { PRODUCT_STATUSES, type Product, type ProductStatus, VISIBILITIES } from "../../mesh/types.js";
import { ActionButton } from "../../view/action.js";
import { AreaField, SelectField, TextField } from "../../view/form.js";
import { FormDialog, useForm } from "../../view/form-dialog.js";
import { useRead } from "../../view/use-read.js";

/** Changes what is declared of a product, by who has seen it as it is: another's change meanwhile is shown. */
export function EditDialog({
  product,
  etag,
  onClose,
  reload,
}: {
  product: Product;
  etag: string;
  onClose: () => void;
  reload: () => Promise<void>;
}) {
  // As it was when the form was opened: what is read again meanwhile does not overwrite what is being written.
  const seen = useSignal({ product, etag });
  const entered = useSignal(toForm(product));
  const conflict = useSignal(false);
  const form = useForm();
  const domains = useRead("domains", mesh.domains);
  const set = (change: Partial<ProductForm>): void => {
    entered.value = { ...entered.peek(), ...change };
  };
  const text = (name: keyof ProductForm, pointer: string) => ({
    value: entered.value[name],
    fault: form.faultAt(pointer),
    onValue: (value: string) => set({ [name]: value }),
  });
  const save = async (): Promise<void> => {
    try {
      await mesh.changeProduct(product.id, seen.value.etag, toUpdate(seen.value.product, entered.value));
    } catch (error) {
      conflict.value = error instanceof ApiError && error.status === 412;
      throw error;
    }
    await reload();
  };
  const startOver = async (): Promise<string> => {
    const { value, etag: now } = await mesh.product(product.id);
    seen.value = { product: value, etag: now };
    entered.value = toForm(value);
    conflict.value = false;
    return "This is how it is now.";
  };
  return (
    <FormDialog
      title={`Edit ${product.id}`}
      form={form}
      submit="Save"
      ready={!conflict.value}
      work={save}
      below={
        conflict.value && (
          <div class="notice" data-conflict>
            <p>
              Somebody else has changed this product since you opened the form. Nothing of yours was saved.
            </p>
            <ActionButton action={form} work={startOver}>
              Show how it is now
            </ActionButton>
          </div>
        )
      }
      onClose={onClose}
    >
      <AreaField label="Description" {...text("description", "/description")} />
      <div class="field-grid">
        <TextField label="Owner" required {...text("owner", "/owner")} />
        <TextField
          label="Domain"
          required
          list={domains.data?.items.map(({ id }) => id) ?? []}
          {...text("domain", "/domain")}
        />
        <SelectField<ProductStatus>
          label="Status"
          value={entered.value.status}
          values={PRODUCT_STATUSES.filter((one) => one !== "retired" || product.status === "retired")}
          fault={form.faultAt("/status")}
          onValue={(status) => set({ status })}
        />
        <SelectField
          label="Visibility"
          value={entered.value.visibility}
          values={VISIBILITIES}
          fault={form.faultAt("/visibility")}
          onValue={(visibility) => set({ visibility })}
        />
      </div>
      <TextField label="Tags" hint="separated by commas, at most 10" {...text("tags", "/tags")} />
      <fieldset class="form-group">
        <legend>Promises</legend>
        <div class="field-grid">
          <TextField label="Availability (%)" {...text("availability", "/sla/availability")} />
          <TextField label="Freshness" hint="as 30s or 5m" {...text("freshness", "/sla/freshness")} />
          <TextField label="Completeness (%)" {...text("completeness", "/sla/completeness")} />
          <TextField label="Validity (%)" {...text("validity", "/sla/validity")} />
          <TextField label="Timeliness" hint="as 2s or 24h" {...text("timeliness", "/sla/timeliness")} />
        </div>
      </fieldset>
      <AreaField
        label="Output ports"
        code
        hint="one a line: name, mqtt or http, topics or address"
        {...text("outputPorts", "/outputPorts")}
      />
      <AreaField
        label="Made of"
        code
        rows={2}
        hint="one a line: a product, and what is taken of it"
        {...text("inputPorts", "/inputPorts")}
      />
      <AreaField label="Metadata" code hint="JSON" {...text("metadata", "/metadata")} />
    </FormDialog>
  );
}
