import type { Asker } from "../access/asker.js";
import type { LineageStatistics } from "../lineage/lineage-graph.js";
import type { DomainAnalytics, MeshReport, UsageAnalytics } from "../resources/report.js";
import { domainAnalytics, usageAnalytics } from "./analytics.js";
import { meshReport, type ReportParts } from "./mesh-report.js";

/** The mesh as a whole, as far as who asks may see it. */
export interface Reports {
  /** By id. */
  domains(asker: Asker): DomainAnalytics[];
  lineage(): LineageStatistics;
  usage(asker: Asker, bounds: { limit: number; days: number }): UsageAnalytics;
  mesh(asker: Asker): MeshReport;
}

export function createReports(parts: ReportParts): Reports {
  return {
    domains: (asker) => domainAnalytics(parts, asker),
    lineage: () => parts.catalogue.lineage.statistics(),
    usage: (asker, bounds) => usageAnalytics(parts, asker, bounds),
    mesh: (asker) => meshReport(parts, asker),
  };
}
