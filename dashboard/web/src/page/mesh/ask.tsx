import { useSignal } from "@preact/signals";
import { mesh } from "../../mesh/api.js";
import { parseLocalInput } from "../../model/times.js";
import { session } from "../../state.js";
import { AreaField, TextField } from "../../view/form.js";
import { FormDialog, useForm } from "../../view/form-dialog.js";

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
  const form = useForm();
  const ask = async (): Promise<void> => {
    const expiresAt = parseLocalInput(until.value);
    await mesh.subscribe(product, {
      purpose: purpose.value.trim(),
      ...(forOthers && consumer.value.trim() !== "" ? { consumer: consumer.value.trim() } : {}),
      ...(expiresAt === undefined ? {} : { expiresAt }),
    });
    await onAsked();
  };
  return (
    <FormDialog title={`Ask for ${product}`} form={form} submit="Ask" work={ask} onClose={onClose}>
      <AreaField
        label="What is it wanted for?"
        hint="its owner decides by this, and it is kept"
        required
        {...form.field(purpose, "/purpose")}
      />
      {forOthers && (
        <TextField
          label="Consumer"
          hint="a user, or a name for a program's credential"
          required
          {...form.field(consumer, "/consumer")}
        />
      )}
      <TextField label="Until (optional)" type="datetime-local" {...form.field(until, "/expiresAt")} />
    </FormDialog>
  );
}
