import { z } from "zod";
import { description, domainId, owner, tags } from "./fields.js";
import { sla, VISIBILITIES } from "./product.js";

/** What is said of a stream's product by who takes it on; the rest stays as it is. */
export const claimInput = z
  .strictObject({
    owner,
    domain: domainId.optional().describe("that of the stream when nothing is said"),
    description: description.optional(),
    tags: tags.optional(),
    visibility: z.enum(VISIBILITIES).optional(),
    sla: sla.optional(),
    status: z.enum(["draft", "active"]).optional().describe("a draft still when nothing is said"),
  })
  .meta({ id: "ClaimInput" });

export type ClaimInput = z.output<typeof claimInput>;
