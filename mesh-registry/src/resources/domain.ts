import { z } from "zod";
import { description, domainId, filledText, owner, time } from "./fields.js";

const declared = {
  name: filledText(200),
  owner,
  team: z.array(filledText(200)).max(100, "expected at most 100 people").default([]),
  description: description.default(""),
};

/** What is said of a domain when it is changed. */
export const domainUpdate = z.strictObject(declared).meta({ id: "DomainUpdate" });
/** What is said of a domain when it is registered. */
export const domainInput = z.strictObject({ id: domainId, ...declared }).meta({ id: "DomainInput" });
/** A domain as it is answered. */
export const domain = z
  .strictObject({ id: domainId, ...declared, createdAt: time, updatedAt: time })
  .meta({ id: "Domain" });

export type DomainInput = z.output<typeof domainInput>;
export type DomainUpdate = z.output<typeof domainUpdate>;
export type Domain = z.output<typeof domain>;
