import { useSignal } from "@preact/signals";
import { mesh } from "../../mesh/api.js";
import type { ParameterValue, Template } from "../../mesh/types.js";
import { TextField } from "../../view/form.js";
import { FormDialog, useForm } from "../../view/form-dialog.js";

/** Parameters that every template knows, whether it names them or not. */
const ALWAYS = [
  { name: "domain", description: "the product's, and the first level of its topics" },
  { name: "node", description: "the edge node's name" },
  { name: "owner", description: "who answers for the product" },
  { name: "broker", description: "how the node reaches the broker, as mqtt://broker:1883" },
];

/** Makes a product's bundle of a template. Done again with the same names it goes on where it was. */
export function ProvisionDialog({
  template,
  onClose,
  onDone,
}: {
  template: Template;
  onClose: () => void;
  onDone: () => Promise<void>;
}) {
  const product = useSignal("");
  const values = useSignal<Record<string, string>>({});
  const form = useForm();
  const named = template.parameters.map(({ name }) => name);
  const fields: Template["parameters"] = [
    ...ALWAYS.filter(({ name }) => !named.includes(name)),
    ...template.parameters,
  ];
  const provision = async (): Promise<void> => {
    const parameters: Record<string, ParameterValue> = {};
    for (const [name, text] of Object.entries(values.value)) {
      if (text.trim() === "") continue;
      const given = template.parameters.find((one) => one.name === name)?.default;
      parameters[name] = typed(text.trim(), given);
    }
    await mesh.provision({ template: template.id, product: product.value.trim(), parameters });
    await onDone();
  };
  return (
    <FormDialog
      title={`Provision by ${template.name}`}
      form={form}
      submit="Provision"
      work={provision}
      onClose={onClose}
    >
      <TextField
        label="Product"
        hint="the id of the product that comes of it"
        required
        {...form.field(product, "/product")}
      />
      <div class="field-grid">
        {fields.map(({ name, description, default: value }) => (
          <TextField
            key={name}
            label={name}
            hint={[description, value === undefined ? undefined : `else ${String(value)}`]
              .filter((part) => part !== undefined)
              .join("; ")}
            value={values.value[name] ?? ""}
            fault={form.faultAt(`/parameters/${name}`)}
            onValue={(text) => (values.value = { ...values.peek(), [name]: text })}
          />
        ))}
      </div>
    </FormDialog>
  );
}

/** Of the kind that the default has. */
function typed(text: string, like: ParameterValue | undefined): ParameterValue {
  if (typeof like === "number" && !Number.isNaN(Number(text))) return Number(text);
  if (typeof like === "boolean" && (text === "true" || text === "false")) return text === "true";
  return text;
}
