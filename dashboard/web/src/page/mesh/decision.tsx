import { useSignal } from "@preact/signals";
import { mesh } from "../../mesh/api.js";
import type { Subscription } from "../../mesh/types.js";
import { localInput, parseLocalInput } from "../../model/times.js";
import { AreaField, TextField } from "../../view/form.js";
import { FormDialog, useForm } from "../../view/form-dialog.js";

export type Verb = "approve" | "reject" | "revoke";

const TITLE: Record<Verb, (consumer: string, product: string) => string> = {
  approve: (consumer, product) => `Let ${consumer} read ${product}?`,
  reject: (consumer, product) => `Refuse ${consumer} ${product}?`,
  revoke: (consumer, product) => `Take ${product} away from ${consumer}?`,
};
const SUBMIT: Record<Verb, string> = { approve: "Approve", reject: "Reject", revoke: "Revoke" };
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
  const form = useForm();
  const decide = async (): Promise<void> => {
    const said = reason.value.trim();
    if (verb === "approve") {
      await mesh.approve(id, {
        expiresAt: parseLocalInput(until.value) ?? null,
        ...(said === "" ? {} : { reason: said }),
      });
    } else await mesh.refuse(id, verb, said);
    await onDecided();
  };
  return (
    <FormDialog
      title={TITLE[verb](consumer, product)}
      form={form}
      submit={SUBMIT[verb]}
      danger={verb !== "approve"}
      work={decide}
      onClose={onClose}
    >
      <p class="break">
        <span class="quiet">Wanted for:</span> {purpose}
      </p>
      <p class="quiet">{EFFECT[verb]}</p>
      <AreaField
        label={verb === "approve" ? "Note (optional)" : "Reason"}
        rows={2}
        required={verb !== "approve"}
        {...form.field(reason, "/reason")}
      />
      {verb === "approve" && (
        <TextField label="Until (empty: no end)" type="datetime-local" {...form.field(until, "/expiresAt")} />
      )}
    </FormDialog>
  );
}
