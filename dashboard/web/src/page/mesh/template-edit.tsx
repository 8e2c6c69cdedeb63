import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { mesh } from "../../mesh/api.js";
import { OutcomeText, useAction } from "../../view/action.js";
import { Dialog } from "../../view/dialog.js";
import { AreaField } from "../../view/form.js";

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
  const action = useAction();
  const { outcome } = action;
  useEffect(() => {
    if (template === undefined) return;
    void action.run(async () => {
      const seen = await mesh.template(template);
      const { id: _id, createdAt: _createdAt, updatedAt: _updatedAt, ...declared } = seen.value;
      text.value = JSON.stringify(declared, null, 2);
      etag.value = seen.etag;
      return "";
    });
  }, [template]);
  const finish = async (work: Promise<unknown>): Promise<string> => {
    await work;
    await onSaved();
    onClose();
    return "Saved.";
  };
  const save = (): void => {
    let value: unknown;
    try {
      value = JSON.parse(text.value);
      unreadable.value = undefined;
    } catch (error) {
      unreadable.value = `This is not JSON: ${error instanceof Error ? error.message : String(error)}`;
      return;
    }
    const seen = etag.value;
    void action.run(() =>
      finish(
        template === undefined || seen === undefined
          ? mesh.makeTemplate(value)
          : mesh.changeTemplate(template, seen, value),
      ),
    );
  };
  const faults =
    outcome.state === "failed" ? outcome.faults.map(({ pointer, detail }) => `${pointer} ${detail}`) : [];
  const seen = etag.value;
  return (
    <Dialog title={template === undefined ? "Make a template" : `Edit ${template}`} onClose={onClose}>
      <form
        class="stack"
        onSubmit={(event) => {
          event.preventDefault();
          save();
        }}
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
        {outcome.state !== "done" && <OutcomeText outcome={outcome} />}
        <div class="button-row">
          <button
            type="submit"
            class="button button-primary"
            disabled={action.busy || (template !== undefined && seen === undefined)}
          >
            Save
          </button>
          {template !== undefined && seen !== undefined && (
            <button
              type="button"
              class="button button-danger"
              disabled={action.busy}
              onClick={() => void action.run(() => finish(mesh.removeTemplate(template, seen)))}
            >
              Remove
            </button>
          )}
          <button type="button" class="button button-plain" onClick={onClose}>
            Cancel
          </button>
        </div>
      </form>
    </Dialog>
  );
}
