export { AclBlockError, type AclBlockRequest, aclBlock, type BrokerRole } from "./access/acl-block.js";
export { type Acl, type AclAccess, type AclRule, parseAclFile } from "./access/acl-file.js";
export { FileFormatError } from "./access/file-format-error.js";
export { formatPasswordFile, type PasswordEntry, parsePasswordFile } from "./access/password-file.js";
export { hashPassword } from "./access/password-hash.js";
export { type Broker, type BrokerWorld, startBroker } from "./broker.js";
export { type BrokerConfig, DEFAULT_CONFIG } from "./config.js";
export { type BrokerLog, SILENT_LOG } from "./log.js";
