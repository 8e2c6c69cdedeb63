export type * from "./frames.js";
export type * from "./messages.js";
export { COMMAND_NAMES, SEVERITIES, SIMULATIONS } from "./messages.js";
export {
  fitName,
  NAME,
  type NameKind,
  parseName,
  parseStreamName,
  RESERVED_DOMAINS,
  RESERVED_NODES,
  RESERVED_SENSORS,
  type Stream,
  streamName,
} from "./names.js";
export { accept, type Cause, type Parsed, type Refusal, refuse, shown } from "./parsed.js";
export {
  buildTopic,
  CONSUMER_FILTERS,
  fitLegacyName,
  LEGACY_SIMULATE_TOPIC,
  parseTopic,
  type Topic,
} from "./topics.js";
