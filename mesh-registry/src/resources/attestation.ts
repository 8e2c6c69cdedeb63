import { z } from "zod";
import { isKeyword } from "../rules/parse.js";
import { isWord } from "../rules/tokens.js";
import { resourceId, text, time } from "./fields.js";

/** A claim stands in rules as a bare word. */
const claim = z
  .string()
  .max(100, "expected at most 100 characters")
  .refine(
    (given) => isWord(given) && !isKeyword(given),
    "expected a word as it stands in a rule, as encryption_at_rest",
  );

const said = { claim, note: text(2_000).default("") };

/** What an owner says of a product that nobody measures. */
export const attestationInput = z.strictObject(said).meta({ id: "AttestationInput" });
/** An attestation as it is answered. Of one claim and product there is one, the last. */
export const attestation = z
  .strictObject({ product: resourceId, ...said, by: z.string(), at: time })
  .meta({ id: "Attestation" });

export type AttestationInput = z.output<typeof attestationInput>;
export type ProductAttestation = z.output<typeof attestation>;
