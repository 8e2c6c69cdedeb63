import { z } from "zod";
import { domainId, resourceId, time } from "./fields.js";
import { consumerName } from "./subscription.js";

const MAX_SCOPES = 1_000;

/** Names that say how somebody came in, not who it is. */
const RESERVED_NAMES: ReadonlySet<string> = new Set(["local", "service", "unclaimed"]);

function names<T extends z.ZodType>(name: T) {
  return z.array(name).max(MAX_SCOPES, `expected at most ${MAX_SCOPES} names`).default([]);
}

const declared = {
  name: consumerName
    .refine((name) => !RESERVED_NAMES.has(name), "expected another name: this one is the registry's own")
    .describe("who works with it: as a user of that name"),
  role: z.enum(["viewer", "operator", "admin"]),
  domains: names(domainId).describe("domains that it is of, as their owner"),
  products: names(resourceId).describe("products that it reads, as who is subscribed to them"),
  expiresAt: time.optional(),
};

/** What is said of an API key when it is made. */
export const apiKeyInput = z.strictObject(declared).meta({ id: "ApiKeyInput" });
/** An API key as it is answered; the key itself is kept as a hash. */
export const apiKey = z
  .strictObject({
    id: z.string(),
    ...declared,
    name: z.string(),
    createdBy: z.string(),
    createdAt: time,
    lastUsedAt: time.optional().describe("within a minute"),
  })
  .meta({ id: "ApiKey" });
/** An API key that was just made: the only time that it is told. */
export const newApiKey = apiKey
  .extend({ key: z.string().describe("send it as X-API-Key, or as Authorization: Bearer") })
  .meta({ id: "NewApiKey" });

export type ApiKeyInput = z.output<typeof apiKeyInput>;
export type ApiKey = z.output<typeof apiKey>;
