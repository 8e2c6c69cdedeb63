export { type Broker, type BrokerWorld, startBroker } from "./broker.js";
export { type BrokerConfig, DEFAULT_CONFIG } from "./config.js";
export { type BrokerLog, SILENT_LOG } from "./log.js";
