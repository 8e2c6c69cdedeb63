import type { BrokerConfig } from "../config.js";
import { ControlledAccess } from "../control/controlled-access.js";
import type { BrokerLog } from "../log.js";
import type { AccessControl } from "./access.js";
import { FileAccess } from "./file-access.js";
import { OpenOnLoopback } from "./open-on-loopback.js";

/** By what is administered while the broker runs; for all others by Mosquitto's files, or open to this machine. */
export function chooseAccess(config: BrokerConfig, log: BrokerLog): AccessControl {
  const { passwordFile, aclFile, dynamicSecurityFile: file } = config;
  const closed = passwordFile !== undefined || aclFile !== undefined;
  const others = closed ? new FileAccess({ passwordFile, aclFile, log }) : new OpenOnLoopback();
  return new ControlledAccess({ others, file, log });
}
