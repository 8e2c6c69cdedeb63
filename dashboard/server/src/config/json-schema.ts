import { z } from "zod";
import { dashboardConfigSchema } from "./schema.js";

/**
 * The configuration's JSON Schema, as editors use it. It is published as
 * `dashboard/server/schema/dashboard-config.schema.json`; a test says when that is not current.
 */
export function configJsonSchema(): Record<string, unknown> {
  return {
    title: "Fieldmesh dashboard",
    description: "DASHBOARD_CONFIG: windows, node alarms and notification channels of the dashboard.",
    ...z.toJSONSchema(dashboardConfigSchema, { io: "input" }),
  };
}
