import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { mesh } from "../../mesh/api.js";
import { readJson } from "../../mesh/json-text.js";
import { ActionButton } from "../../view/action.js";
import { AreaField } from "../../view/form.js";
import { FormDialog, useForm } from "../../view/form-dialog.js";

/** What stands for a parameter's value. */
const placeholder = (parameter: string): string => `$\{${parameter}}`;

/** To begin with: a node with one simulated sensor, and what belongs to it. */
const FIRST = {
  id: "sensor-node",
  name: "A node with one sensor",
  description: "One simulated sensor, to begin with; put your own driver in.",
  components: [
    {
      name: "product",
      settings: { description: `Readings of ${placeholder("node")}`, sla: { freshness: "1m" } },
    },
    {
      name: "edge",
      settings: {
        sensors: {
          temperature: { type: "temperature", driver: "simulated", interval: placeholder("interval") },
        },
      },
    },
    { name: "credentials" },
    { name: "compose" },
  ],
  parameters: [{ name: "interval", default: "2s" }],
};

/** A template as JSON: what is wrong with it is listed with where. */
export function TemplateDialog({
  template,
  onClose,
  onSaved,
}: {
  /** The one to change; without it a new one is made. */
  template?: string;
  onClose: () => void;
  onSaved: () => Promise<void>;
}) {
  const text = useSignal(template === undefined ? JSON.stringify(FIRST, null, 2) : "");
  const etag = useSignal<string | undefined>(undefined);
  const unreadable = useSignal<string | undefined>(undefined);
  const form = useForm();
  useEffect(() => {
    if (template === undefined) return;
    void form
      .run(async () => {
        const read = await mesh.template(template);
        const { id: _id, createdAt: _createdAt, updatedAt: _updatedAt, ...declared } = read.value;
        text.value = JSON.stringify(declared, null, 2);
        etag.value = read.etag;
        return "";
      })
      .then((done) => {
        // That it was read is seen by the text: there is nothing to be said of it.
        if (done) form.reset();
      });
  }, [template]);
  const seen = etag.value;
  const check = (): boolean => {
    unreadable.value = readJson(text.value).fault;
    return unreadable.value === undefined;
  };
  const save = async (): Promise<void> => {
    const value: unknown = JSON.parse(text.value);
    if (template === undefined || seen === undefined) await mesh.makeTemplate(value);
    else await mesh.changeTemplate(template, seen, value);
    await onSaved();
  };
  const { outcome } = form;
  const faults =
    outcome.state === "failed" ? outcome.faults.map(({ pointer, detail }) => `${pointer} ${detail}`) : [];
  return (
    <FormDialog
      title={template === undefined ? "Make a template" : `Edit ${template}`}
      form={form}
      submit="Save"
      ready={template === undefined || seen !== undefined}
      check={check}
      work={save}
      beside={
        template !== undefined &&
        seen !== undefined && (
          <ActionButton
            action={form}
            class="button-danger"
            work={async () => {
              await mesh.removeTemplate(template, seen);
              await onSaved();
              onClose();
              return "Removed.";
            }}
          >
            Remove
          </ActionButton>
        )
      }
      onClose={onClose}
    >
      <AreaField
        label="Template"
        hint="components product, edge, credentials and compose are provided; others are listed as external"
        code
        rows={16}
        required
        value={text.value}
        fault={unreadable.value ?? (faults.length === 0 ? undefined : faults.join("\n"))}
        onValue={(value) => (text.value = value)}
      />
    </FormDialog>
  );
}
