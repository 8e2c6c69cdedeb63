import { useSignal } from "@preact/signals";
import { accessPolicyOf, toAccessForm } from "../../mesh/access-form.js";
import { mesh } from "../../mesh/api.js";
import { COMPATIBILITIES, type Compatibility, type Version } from "../../mesh/types.js";
import { OutcomeText, useAction } from "../../view/action.js";
import { Dialog } from "../../view/dialog.js";
import { AreaField, faultOf, SelectField, TextField } from "../../view/form.js";

const FIRST = { type: "object", properties: { value: { type: "number", unit: "Cel" } }, required: ["value"] };

const ACCESS_LABEL = { consumers: "Consumers", roles: "Roles", domains: "Domains" } as const;

/** Publishes a version: what is wrong with it is shown at its field, what breaks consumers as a list. */
export function PublishDialog({
  product,
  newest,
  onClose,
  onPublished,
}: {
  product: string;
  newest: Version | undefined;
  onClose: () => void;
  onPublished: () => Promise<void>;
}) {
  const version = useSignal(next(newest?.version));
  const schema = useSignal(JSON.stringify(newest?.schema ?? FIRST, null, 2));
  const changelog = useSignal("");
  const compatibility = useSignal<Compatibility>(newest?.compatibility ?? "BACKWARD");
  const strict = useSignal(newest?.strict ?? false);
  const access = useSignal(toAccessForm(newest?.accessPolicy));
  const unreadable = useSignal<string | undefined>(undefined);
  const action = useAction();
  const { outcome } = action;
  return (
    <Dialog title={`Publish a version of ${product}`} onClose={onClose}>
      <form
        class="stack"
        onSubmit={(event) => {
          event.preventDefault();
          const read = parse(schema.value);
          unreadable.value = read.fault;
          if (read.fault !== undefined) {
            action.reset();
            return;
          }
          void action.run(async () => {
            await mesh.publish(product, {
              version: version.value.trim(),
              schema: read.value,
              changelog: changelog.value,
              compatibility: compatibility.value,
              strict: strict.value,
              ...accessPolicyOf(access.value),
            });
            await onPublished();
            onClose();
            return "Published.";
          });
        }}
      >
        <p class="quiet">
          A version never changes. What breaks its readers is taken only with a new major version.
        </p>
        <div class="field-grid">
          <TextField
            label="Version"
            required
            value={version.value}
            fault={faultOf(outcome, "/version")}
            onValue={(value) => (version.value = value)}
          />
          <SelectField
            label="Compatible"
            value={compatibility.value}
            values={COMPATIBILITIES}
            fault={faultOf(outcome, "/compatibility")}
            onValue={(value) => (compatibility.value = value)}
          />
        </div>
        <AreaField
          label="JSON Schema of the payload"
          hint={'or a map of fields, as {"value": "number"}'}
          code
          rows={12}
          required
          value={schema.value}
          fault={unreadable.value ?? faultOf(outcome, "/schema")}
          onValue={(value) => (schema.value = value)}
        />
        <AreaField
          label="What is new"
          rows={2}
          value={changelog.value}
          fault={faultOf(outcome, "/changelog")}
          onValue={(value) => (changelog.value = value)}
        />
        <label class="check">
          <input
            type="checkbox"
            checked={strict.value}
            onChange={(event) => (strict.value = event.currentTarget.checked)}
          />
          Judge strictly: a field that is added may break who sent another of its name
        </label>
        <fieldset class="form-group">
          <legend>Who may have it (empty: whoever the owner approves)</legend>
          <div class="field-grid">
            {(["consumers", "roles", "domains"] as const).map((name) => (
              <TextField
                key={name}
                label={ACCESS_LABEL[name]}
                hint="separated by commas"
                value={access.value[name]}
                fault={faultOf(outcome, `/accessPolicy/${name}`)}
                onValue={(value) => (access.value = { ...access.peek(), [name]: value })}
              />
            ))}
          </div>
          <label class="check">
            <input
              type="checkbox"
              checked={access.value.autoApprove}
              onChange={(event) =>
                (access.value = { ...access.peek(), autoApprove: event.currentTarget.checked })
              }
            />
            Whoever is named need not wait for the owner
          </label>
        </fieldset>
        <OutcomeText outcome={outcome} />
        <div class="button-row">
          <button type="submit" class="button button-primary" disabled={action.busy}>
            Publish
          </button>
          <button type="button" class="button button-plain" onClick={onClose}>
            Cancel
          </button>
        </div>
      </form>
    </Dialog>
  );
}

/** One minor version further: adding to a contract is what is done most. */
function next(version: string | undefined): string {
  if (version === undefined) return "1.0.0";
  const [major = 1, minor = 0] = version.split(".").map(Number);
  return `${major}.${minor + 1}.0`;
}

function parse(text: string): { value?: unknown; fault?: string } {
  try {
    return { value: JSON.parse(text) };
  } catch (error) {
    return { fault: `This is not JSON: ${error instanceof Error ? error.message : String(error)}` };
  }
}
