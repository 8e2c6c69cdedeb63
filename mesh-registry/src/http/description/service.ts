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
const health = z.object({ status: z.literal("healthy"), version: z.string(), broker }).meta({ id: "Health" });

export function describeService(add: AddOperation): void {
  add("get", "/health", "Whether it is there", { answer: health });
  add("get", "/openapi.json", "This description", { answer: z.record(z.string(), z.unknown()) });
}
