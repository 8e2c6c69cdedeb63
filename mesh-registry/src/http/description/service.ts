import { z } from "zod";
import type { AddOperation } from "./operation.js";

const health = z.object({ status: z.literal("healthy"), version: z.string() }).meta({ id: "Health" });

export function describeService(add: AddOperation): void {
  add("get", "/health", "Whether it is there", { answer: health });
  add("get", "/openapi.json", "This description", { answer: z.record(z.string(), z.unknown()) });
}
