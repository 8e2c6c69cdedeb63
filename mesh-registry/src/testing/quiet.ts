import { createLog } from "@fieldmesh/runtime";

/** TEST_LOG=info shows what the registry under test says. */
export const quiet = createLog("test", { level: process.env["TEST_LOG"] ?? "silent" });
