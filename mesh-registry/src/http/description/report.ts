import { z } from "zod";
import { resourceId } from "../../resources/fields.js";
import { impactInput, impactReport } from "../../resources/impact.js";
import type { AddOperation } from "./operation.js";

export function describeReport(add: AddOperation): void {
  add("get", "/products/{id}/impact", "Who is to be told when something happens to a product", {
    path: { id: resourceId },
    answer: impactReport,
  });
  add("get", "/streams/{stream}/impact", "Who is to be told when something happens to a stream", {
    path: { stream: z.string() },
    answer: impactReport,
  });
  add("post", "/impact", "Who is to be told of alarms of several streams: each product once", {
    body: impactInput,
    answer: impactReport,
  });
}
