import { createLog } from "@fieldmesh/runtime";

/** TEST_LOG=info shows what the servers under test say. */
export const quiet = createLog("test", { level: process.env["TEST_LOG"] ?? "silent" });
