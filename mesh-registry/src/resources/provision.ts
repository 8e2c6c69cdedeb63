import { z } from "zod";
import { filledText, resourceId, text, time } from "./fields.js";
import { parameterName, parameterValue } from "./template.js";

export const PROVISION_STATES = ["running", "ready", "failed", "undone"] as const;
export const STEP_STATES = ["waiting", "running", "done", "external", "failed", "undone"] as const;

const MAX_PARAMETERS = 50;

const asked = {
  template: resourceId,
  product: resourceId,
  parameters: z
    .record(parameterName, parameterValue)
    .refine((given) => Object.keys(given).length <= MAX_PARAMETERS, `expected at most ${MAX_PARAMETERS}`)
    .default({})
    .describe("of the template, and domain, node, owner, broker"),
};

const step = z
  .strictObject({ name: filledText(100), state: z.enum(STEP_STATES), detail: text(2_000).optional() })
  .meta({ id: "ProvisionStep" });

/** What is asked to be provisioned. */
export const provisionInput = z.strictObject(asked).meta({ id: "ProvisionInput" });
/** A provision as it is answered. Of one template and product there is one. */
export const provision = z
  .strictObject({
    id: z.string(),
    ...asked,
    state: z.enum(PROVISION_STATES),
    steps: z.array(step),
    files: z.array(z.string()).describe("what the bundle holds"),
    credential: z.string().optional().describe("user at the broker; its password is in the bundle only"),
    by: z.string(),
    createdAt: time,
    updatedAt: time,
  })
  .meta({ id: "Provision" });

/** A file of a bundle. */
export const bundleFile = z.strictObject({
  name: z.string(),
  secret: z.boolean().describe("holds a password, or what one can be tried against: mode 0600"),
  text: z.string(),
});
/** A bundle as JSON. */
export const bundle = z
  .strictObject({ provision: z.string(), files: z.array(bundleFile) })
  .meta({ id: "Bundle" });

export type ProvisionInput = z.output<typeof provisionInput>;
export type ProvisionStep = z.output<typeof step>;
export type Provision = z.output<typeof provision>;
export type BundleFile = z.output<typeof bundleFile>;
