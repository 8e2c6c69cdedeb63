import { useSignal } from "@preact/signals";
import { accessPolicyOf, toAccessForm } from "../../mesh/access-form.js";
import { mesh } from "../../mesh/api.js";
import { readJson } from "../../mesh/json-text.js";
import { COMPATIBILITIES, type Compatibility, type Version } from "../../mesh/types.js";
import { AreaField, SelectField, TextField } from "../../view/form.js";
import { FormDialog, useForm } from "../../view/form-dialog.js";

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
  const form = useForm();
  const check = (): boolean => {
    unreadable.value = readJson(schema.value).fault;
    if (unreadable.value !== undefined) form.reset();
    return unreadable.value === undefined;
  };
  const publish = async (): Promise<void> => {
    await mesh.publish(product, {
      version: version.value.trim(),
      schema: JSON.parse(schema.value),
      changelog: changelog.value,
      compatibility: compatibility.value,
      strict: strict.value,
      ...accessPolicyOf(access.value),
    });
    await onPublished();
  };
  return (
    <FormDialog
      title={`Publish a version of ${product}`}
      form={form}
      submit="Publish"
      check={check}
      work={publish}
      onClose={onClose}
    >
      <p class="quiet">
        A version never changes. What breaks its readers is taken only with a new major version.
      </p>
      <div class="field-grid">
        <TextField label="Version" required {...form.field(version, "/version")} />
        <SelectField
          label="Compatible"
          values={COMPATIBILITIES}
          {...form.field(compatibility, "/compatibility")}
        />
      </div>
      <AreaField
        label="JSON Schema of the payload"
        hint={'or a map of fields, as {"value": "number"}'}
        code
        rows={12}
        required
        {...form.field(schema, "/schema")}
        fault={unreadable.value ?? form.faultAt("/schema")}
      />
      <AreaField label="What is new" rows={2} {...form.field(changelog, "/changelog")} />
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
              fault={form.faultAt(`/accessPolicy/${name}`)}
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
    </FormDialog>
  );
}

/** One minor version further: adding to a contract is what is done most. */
function next(version: string | undefined): string {
  if (version === undefined) return "1.0.0";
  const [major = 1, minor = 0] = version.split(".").map(Number);
  return `${major}.${minor + 1}.0`;
}
