import { z } from "zod";
import { resourceId } from "../../resources/fields.js";
import { impactInput, impactReport } from "../../resources/impact.js";
import { domainAnalytics, lineageStatistics, meshReport, usageAnalytics } from "../../resources/report.js";
import { reportQuery, usageQuery } from "../governance-lists.js";
import { domainList } from "../lists.js";
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
  add("get", "/analytics/domains", "Domains: what they offer, who reads it, and how it stands", {
    query: domainList,
    answer: domainAnalytics,
  });
  add("get", "/analytics/lineage-stats", "The graph of all lineage", { answer: lineageStatistics });
  add("get", "/analytics/usage", "What is read most, and what nobody reads", {
    query: usageQuery,
    answer: usageAnalytics,
    list: false,
  });
  add("get", "/report", "The mesh as a whole; also as Markdown", {
    query: reportQuery,
    answer: meshReport,
    list: false,
  });
  add("post", "/impact", "Who is to be told of alarms of several streams: each product once", {
    body: impactInput,
    answer: impactReport,
  });
}
