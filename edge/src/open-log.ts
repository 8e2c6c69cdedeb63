import { join } from "node:path";
import type { Log } from "@fieldmesh/runtime";
import type { Clock } from "./clock.js";
import type { LogConfig } from "./config/types.js";
import { NodeLog } from "./log/log.js";

/** Opens the log in a node's folder and says what was found there, and what happens to it, in the service's log. */
export async function openNodeLog(
  folder: string,
  limits: LogConfig,
  clock: Clock,
  logger: Log,
): Promise<NodeLog> {
  const log = await NodeLog.open({
    folder: join(folder, "log"),
    limits,
    clock,
    observer: {
      onDropped: (dropped) => logger.warn(dropped, "held items were given up"),
      onDiskError: (error) =>
        logger.error({ err: error }, "the log cannot be written; the node goes on in memory and tries again"),
      onDiskRecovered: () => logger.info("the log can be written again"),
    },
  });
  const { tornBytes, unreadable, lost } = log.report;
  if (tornBytes > 0 || unreadable.length > 0 || lost > 0) {
    logger.warn(log.report, "the log was not closed in order; what was not yet written is lost");
  }
  return log;
}
