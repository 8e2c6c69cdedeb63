import { z } from "zod";
import { filledText, openObject, resourceId, text, time } from "./fields.js";

export const PROVISION_STATES = ["running", "ready", "failed", "undone"] as const;
export const STEP_STATES = ["waiting", "running", "done", "external", "failed", "undone"] as const;

const asked = {
  template: resourceId,
  product: resourceId,
  parameters: openObject.default({}),
};

/** What is asked to be provisioned. */
export const provisionInput = z.strictObject(asked).meta({ id: "ProvisionInput" });
/** A provision as it is answered. Of one template and product there is one. */
export const provision = z
  .strictObject({
    id: z.string(),
    ...asked,
    state: z.enum(PROVISION_STATES),
    steps: z.array(
      z.strictObject({ name: filledText(100), state: z.enum(STEP_STATES), detail: text(2_000).optional() }),
    ),
    createdAt: time,
    updatedAt: time,
  })
  .meta({ id: "Provision" });

export type ProvisionInput = z.output<typeof provisionInput>;
export type Provision = z.output<typeof provision>;
