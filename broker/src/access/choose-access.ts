import type { BrokerConfig } from "../config.js";
import type { BrokerLog } from "../log.js";
import type { AccessControl } from "./access.js";
import { FileAccess } from "./file-access.js";
import { OpenOnLoopback } from "./open-on-loopback.js";

/** By Mosquitto's files where one is given, else open to this machine. */
export function chooseAccess(config: BrokerConfig, log: BrokerLog): AccessControl {
  const { passwordFile, aclFile } = config;
  if (passwordFile === undefined && aclFile === undefined) return new OpenOnLoopback();
  return new FileAccess({ passwordFile, aclFile, log });
}
