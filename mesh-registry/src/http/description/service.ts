import { z } from "zod";
import type { AddOperation } from "./operation.js";

const broker = z.object({
  connected: z.boolean(),
  url: z.string().optional().describe("without user and password"),
  reason: z.string().optional().describe("why it is not connected; the registry serves without it"),
  births: z
    .object({ received: z.number(), unreadable: z.number(), refused: z.number() })
    .optional()
    .describe("what became of the births of nodes"),
});
const health = z
  .object({
    status: z.literal("healthy"),
    version: z.string(),
    timestamp: z.string(),
    broker,
    total_products: z.number().int().optional().describe("for who may read"),
    total_lineage_entries: z.number().int().optional(),
  })
  .meta({ id: "Health" });

export function describeService(add: AddOperation): void {
  add("get", "/health", "Whether it is there", { answer: health });
  add("get", "/metrics", "What it counts of itself, as Prometheus reads it", {
    answer: z.string(),
    mediaType: "text/plain",
  });
  add("get", "/docs", "This description as a page", { answer: z.string(), mediaType: "text/html" });
  add("get", "/openapi.json", "This description", { answer: z.record(z.string(), z.unknown()) });
}
