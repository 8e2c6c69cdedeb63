import { z } from "zod";
import {
  description,
  domainId,
  duration,
  filledText,
  openObject,
  owner,
  percent,
  resourceId,
  tags,
  text,
  time,
} from "./fields.js";

export const PRODUCT_STATUSES = ["draft", "active", "deprecated", "inactive", "retired"] as const;
export const VISIBILITIES = ["public", "restricted", "private"] as const;

const MAX_PORTS = 50;

/** [MQTT-4.7.1]: `#` only as the last level, `+` only as a whole one. */
const TOPIC_FILTER = /^(?:(?:\+|[^+#\s\p{Cc}\p{Cs}/]*)\/)*(?:\+|#|[^+#\s\p{Cc}\p{Cs}/]+)$/u;

const topicFilter = z
  .string()
  .max(500, "expected at most 500 characters")
  .refine((given) => TOPIC_FILTER.test(given), "expected an MQTT topic filter, as env/greenhouse/+/raw");

const httpAddress = z
  .url({ protocol: /^https?$/, error: "expected an http:// or https:// address" })
  .max(2_000, "expected at most 2000 characters")
  .refine(hasNoPassword, "expected an address without user and password");

function hasNoPassword(address: string): boolean {
  const { username, password } = URL.canParse(address) ? new URL(address) : { username: "", password: "" };
  return username === "" && password === "";
}

const portName = z.string().regex(/^[a-zA-Z0-9_-]{1,100}$/, "expected 1 to 100 letters, digits, _ or -");

/** Where the data of a product comes out. */
export const outputPort = z
  .discriminatedUnion("kind", [
    z.strictObject({ kind: z.literal("mqtt"), name: portName, topicFilter }),
    z.strictObject({ kind: z.literal("http"), name: portName, address: httpAddress }),
  ])
  .meta({ id: "OutputPort" });

/** Another product that this one is made from. */
export const inputPort = z
  .strictObject({ product: resourceId, description: description.optional() })
  .meta({ id: "InputPort" });

/** What is promised of a product; the historian measures it. */
export const sla = z
  .strictObject({
    availability: percent.describe("% of the time in which it is fresh").optional(),
    freshness: duration.describe("age of the newest value").optional(),
    completeness: percent.describe("% of what was expected").optional(),
    validity: percent.describe("% that meets the schema").optional(),
    timeliness: duration.describe("from being read to being here").optional(),
  })
  .meta({ id: "Sla" });

/** What was seen of a product's stream; nobody declares it. */
export const observed = z
  .strictObject({
    stream: filledText(100),
    node: filledText(32),
    label: filledText(200).optional(),
    quantity: filledText(64).optional().describe("what is measured, as temperature"),
    unit: filledText(32).optional().describe("SenML (RFC 8428)"),
    type: z.enum(["number", "boolean"]).optional().describe("of the values"),
    range: z.strictObject({ min: z.number().optional(), max: z.number().optional() }).optional(),
    intervalMs: z.number().positive().optional(),
    host: filledText(255).optional().describe("the machine that the node runs on"),
    boot: z.number().int().min(0).optional().describe("of the node; it grows with every start"),
    seenAt: time.describe("when the node told this last"),
    gone: time.optional().describe("since when the node, or the sensor in it, is no more"),
    conflict: text(1_000).optional().describe("who else claims this stream, while somebody does"),
  })
  .meta({ id: "Observed" });

const declared = {
  domain: domainId,
  owner,
  description: description.default(""),
  tags: tags.default([]),
  status: z.enum(PRODUCT_STATUSES).default("draft"),
  visibility: z.enum(VISIBILITIES).default("restricted"),
  sla: sla.default({}),
  metadata: openObject.default({}),
  outputPorts: z.array(outputPort).max(MAX_PORTS, `expected at most ${MAX_PORTS} ports`).default([]),
  inputPorts: z.array(inputPort).max(MAX_PORTS, `expected at most ${MAX_PORTS} ports`).default([]),
};

/** What is said of a product when it is changed. */
export const productUpdate = z.strictObject(declared).meta({ id: "ProductUpdate" });
/** What is said of a product when it is registered. */
export const productInput = z.strictObject({ id: resourceId, ...declared }).meta({ id: "ProductInput" });
/** A data product as it is answered. */
export const product = z
  .strictObject({
    id: resourceId,
    ...declared,
    observed: observed.optional(),
    createdAt: time,
    updatedAt: time,
  })
  .meta({ id: "Product" });

export type Observed = z.output<typeof observed>;
export type ProductInput = z.output<typeof productInput>;
export type ProductUpdate = z.output<typeof productUpdate>;
export type Product = z.output<typeof product>;
