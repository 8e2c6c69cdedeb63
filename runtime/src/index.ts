export { type ConfigDocument, readDocument } from "./config-file/document.js";
export { type FoundProblem, problemsOf } from "./config-file/issues.js";
export { ConfigFileError, type ConfigProblem, didYouMean } from "./config-file/problems.js";
export type { AlarmRecord, EventOrder } from "./consumer/alarm-states.js";
export { type AuditRow, auditRows } from "./consumer/audit.js";
export type { ConsumerClock } from "./consumer/clock.js";
export { type ClockOffset, clockCorrectionMs } from "./consumer/clock-offset.js";
export { createStreamConsumer } from "./consumer/consumer.js";
export { type ConsumerState, ConsumerStateError } from "./consumer/consumer-state.js";
export type { DropCause, DroppedTopic } from "./consumer/drops.js";
export {
  CommandRefusedError,
  ConsumerClosedError,
  RequestInterruptedError,
  RequestTimeoutError,
  TooManyRequestsError,
} from "./consumer/request-errors.js";
export {
  type ArrivedEvent,
  type ArrivedReading,
  type ConsumerLimits,
  type ConsumerNode,
  type ConsumerStream,
  DEFAULT_LIMITS,
  type NodeChange,
  type StreamConsumer,
  type StreamConsumerOptions,
} from "./consumer/stream-consumer.js";
export { EnvironmentError } from "./environment/environment-error.js";
export { isLoopback } from "./environment/loopback.js";
export type { StorageAddress } from "./environment/parsers.js";
export { plainMqttHost } from "./environment/plain-mqtt-host.js";
export { type RawEnvironment, readEnvironment } from "./environment/read-environment.js";
export { storageAddress } from "./environment/storage-address.js";
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
export { type AllowedHosts, checkOrigin, type OriginVerdict } from "./http/allowed-hosts.js";
export { createHttpApp, type HttpAppOptions } from "./http/app.js";
export { liftBodyDeadline } from "./http/body-deadline.js";
export {
  explainListenError,
  type HttpListener,
  type ListenOptions,
  listen,
} from "./http/listen.js";
export { followTls } from "./http/live-tls.js";
export { HttpProblem, type ProblemExtras, sendProblem, toProblem } from "./http/problem.js";
export { parseBody, parseInput } from "./http/request-body.js";
export { type Method, resource } from "./http/resource.js";
export { readPem, readTls, type TlsFiles } from "./http/tls-files.js";
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
export { ConfigurationError, EXIT, RestartRequest } from "./process/exit.js";
export { Owned } from "./process/owned.js";
export { packageVersion } from "./process/package-version.js";
export { type Closer, type MainContext, runMain } from "./process/run-main.js";
export { wait } from "./process/wait.js";
export { Attempts } from "./sign-in/attempts.js";
export { clientKey, isForwarded } from "./sign-in/client-address.js";
export { createSignIn } from "./sign-in/create-sign-in.js";
export {
  addToken,
  addUser,
  type ListedToken,
  type ListedUser,
  listTokens,
  listUsers,
  removeToken,
  removeUser,
} from "./sign-in/edit-users.js";
export { includesRole, ROLES, type Role } from "./sign-in/role.js";
export { sessionCookiesOf } from "./sign-in/session-cookie.js";
export { addSessionRoutes } from "./sign-in/session-routes.js";
export {
  type ApiKeys,
  type Principal,
  principalOf,
  type Scopes,
  type SignIn,
  type SignInOptions,
} from "./sign-in/sign-in.js";
export { API_KEY_PREFIX, hashToken, UsersFileError } from "./sign-in/users-file.js";
