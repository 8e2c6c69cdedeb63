import { useSignal } from "@preact/signals";
import { mesh } from "../../mesh/api.js";
import type { Product } from "../../mesh/types.js";
import { session } from "../../state.js";
import { AreaField, TextField } from "../../view/form.js";
import { FormDialog, useForm } from "../../view/form-dialog.js";
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
  const form = useForm();
  const domains = useRead("domains", mesh.domains);
  const claim = async (): Promise<void> => {
    await mesh.claim(product.id, {
      owner: owner.value.trim(),
      domain: domain.value.trim(),
      status: active.value ? "active" : "draft",
      ...(description.value === "" ? {} : { description: description.value }),
    });
    await onClaimed();
  };
  return (
    <FormDialog
      title={`Claim ${product.id}`}
      form={form}
      submit="Claim"
      cancel="Not now"
      work={claim}
      onClose={onClose}
    >
      <p class="quiet">
        The owner answers for what the product promises, and decides who reads it. It stays a draft until it
        is set active.
      </p>
      <TextField
        label="Owner"
        hint="a person, a team or an address of theirs"
        required
        {...form.field(owner, "/owner")}
      />
      <TextField
        label="Domain"
        required
        list={domains.data?.items.map(({ id }) => id) ?? []}
        {...form.field(domain, "/domain")}
      />
      <AreaField label="Description" {...form.field(description, "/description")} />
      <label class="check">
        <input
          type="checkbox"
          checked={active.value}
          onChange={(event) => (active.value = event.currentTarget.checked)}
        />
        Active at once
      </label>
    </FormDialog>
  );
}
