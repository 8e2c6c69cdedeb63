import "./engine/quiet-debug.js";
import type { RawEnvironment } from "@fieldmesh/runtime";
import { type Broker, startBroker } from "./broker.js";
import { readBrokerConfig } from "./config.js";
import type { BrokerLog } from "./log.js";

/**
 * The broker as a process runs it, configured by the environment. What loads MQTT libraries before this module has to
 * import `@fieldmesh/broker/quiet-debug` first of all.
 */
export function runBroker({ env, log }: { env: RawEnvironment; log?: BrokerLog }): Promise<Broker> {
  return startBroker(readBrokerConfig(env), log === undefined ? {} : { log });
}
