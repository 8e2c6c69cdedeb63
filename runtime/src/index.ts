export { EnvironmentError } from "./environment/environment-error.js";
export { isLoopback } from "./environment/loopback.js";
export type { StorageAddress } from "./environment/parsers.js";
export { type RawEnvironment, readEnvironment } from "./environment/read-environment.js";
export { type Environment, VARIABLES, type VariableName } from "./environment/variables.js";
export type { FolderHolder } from "./folder/ask-holder.js";
export {
  FolderHeldError,
  type FolderLock,
  FolderLockError,
  folderHolder,
  lockFolder,
} from "./folder/folder-lock.js";
export { checkFormat, FormatVersionError, writeFileAtomic } from "./folder/kept-file.js";
export { claimSlot, type Identity, IdentityError, listSlots, type Slot, writeSlot } from "./folder/slot.js";
export { createLog, type Log, type LogOptions } from "./log.js";
export { BrokerAddressError, parseBrokerAddress, shownAddress } from "./mqtt/broker-address.js";
export type { MessageHandler, MessageInfo, PublishOptions, Will } from "./mqtt/connection.js";
export {
  createMqttLink,
  type LinkRefusal,
  type MqttLink,
  type MqttLinkOptions,
  type Unsubscribe,
} from "./mqtt/link.js";
export {
  LinkBusyError,
  LinkLostError,
  NotConnectedError,
  SubscriptionRefusedError,
  TopicError,
} from "./mqtt/link-errors.js";
export {
  type Closer,
  ConfigurationError,
  EXIT,
  type MainContext,
  RestartRequest,
  runMain,
} from "./process/run-main.js";
