export { runEdge } from "./app.js";
export { type Clock, systemClock } from "./clock.js";
export { BUILT_IN_CONFIGS, builtInConfigFile, loadNodeConfig } from "./config/load.js";
export type { DriverConfig, LogConfig, NodeConfig, SensorConfig } from "./config/types.js";
export { type EdgeNode, type NodePorts, startNode } from "./node.js";
export { ReplacedError } from "./session.js";
