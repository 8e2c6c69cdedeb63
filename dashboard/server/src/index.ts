export { runDashboard } from "./app.js";
export {
  defaultDashboardConfig,
  parseDashboardConfig,
  readDashboardConfig,
} from "./config/read-config.js";
export { type DashboardConfig, dashboardConfigSchema } from "./config/schema.js";
export { type Dashboard, startDashboard } from "./dashboard.js";
export type { DashboardOptions, DashboardWorld } from "./options.js";
