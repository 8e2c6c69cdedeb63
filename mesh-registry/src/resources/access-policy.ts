import { z } from "zod";
import { domainId, filledText } from "./fields.js";

const MAX_ENTRIES = 100;

function names<T extends z.ZodType>(name: T) {
  return z.array(name).max(MAX_ENTRIES, `expected at most ${MAX_ENTRIES} entries`).default([]);
}

/** Who may have a product: whoever is in one of the lists. Nobody, when all are empty. */
export const accessPolicy = z
  .strictObject({
    roles: names(filledText(100)),
    domains: names(domainId),
    consumers: names(filledText(100)),
    autoApprove: z.boolean().default(false).describe("whoever is in a list need not wait for the owner"),
  })
  .meta({ id: "AccessPolicy" });

export type AccessPolicy = z.output<typeof accessPolicy>;
