export { ackHolds, compareStatus, supersedes } from "./alarm-order.js";
export { type CommandArgs, parseCommandArgs } from "./commands.js";
export {
  encodeAck,
  encodeBirth,
  encodeCommand,
  encodeEvent,
  encodeQuality,
  encodeReading,
  encodeReply,
  encodeStats,
  encodeStatus,
} from "./encode.js";
export type {
  Alarms,
  AlarmView,
  BrowserToServer,
  Catalogue,
  ChannelView,
  Columns,
  Dropped,
  Frame,
  Hello,
  HttpApi,
  NodePresence,
  NodeView,
  Role,
  SensorView,
  ServerToBrowser,
  Show,
  StreamFrame,
} from "./frames.js";
export type {
  HistoryEvent,
  HistoryGaps,
  HistoryLatest,
  HistoryLevel,
  HistoryQuality,
  HistoryReadings,
  HistoryStatus,
  HistoryStream,
  ImportProgress,
} from "./history-api.js";
export {
  type FoldedBoots,
  type LedgerOptions,
  type Receipt,
  StreamLedger,
  type StreamLedgerJson,
} from "./ledger.js";
export type { BootMissing, LedgerTerms, MissingPiece } from "./ledger-boot.js";
export { type Message, type MessageContext, parseMessage } from "./message.js";
export {
  type Ack,
  type AlarmEvent,
  type AlarmState,
  type Birth,
  type BirthSensor,
  COMMAND_NAMES,
  type Command,
  type CommandName,
  type Commands,
  type LostRange,
  type Quality,
  type Reading,
  type Reply,
  type Rule,
  type RuleKind,
  SEVERITIES,
  type SensorAccount,
  type SensorState,
  type SensorStats,
  type SeqRange,
  type Severity,
  SIMULATIONS,
  type Simulation,
  type Stats,
  type Status,
} from "./messages.js";
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
export { MAX_PAYLOAD_BYTES } from "./payload.js";
export {
  medianInterval,
  type Presence,
  type PresenceInput,
  presence,
  SILENT_AFTER_MS,
  type StaleInput,
  sensorStale,
} from "./presence.js";
export {
  type LossEntry,
  type LossExplanation,
  MEASURES,
  type Measure,
  type ObjectiveReport,
  QUALITY_WINDOW_MS,
  QUALITY_WINDOWS,
  type QualityReport,
  type QualityWindow,
  type WindowQuality,
} from "./quality.js";
export { RangeSet } from "./range-set.js";
export { parseReading } from "./reading.js";
export { parseRule, ruleSchema } from "./rules.js";
export {
  birthSchema,
  eventSchema,
  lostRangeSchema,
  seqRangeSchema,
  statsSchema,
  statusSchema,
} from "./schemas.js";
export { fitsFilter } from "./topic-filter.js";
export {
  buildTopic,
  CONSUMER_FILTERS,
  fitLegacyName,
  LEGACY_SIMULATE_TOPIC,
  parseTopic,
  type Topic,
} from "./topics.js";
export { classicUnit, unitLabel } from "./units.js";
export { parsedBy } from "./validated.js";
