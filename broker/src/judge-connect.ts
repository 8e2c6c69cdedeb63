import type { Limits } from "./limits.js";
import type { ConnectRefusal } from "./port/port-host.js";
import type { ConnectPacket } from "./wire/connect-packet.js";
import * as type from "./wire/packet-type.js";
import { topicNameFault } from "./wire/topic-name.js";

/** How full the broker is. */
export interface Occupancy {
  /** Connections that have sent their CONNECT. */
  clients: number;
  /** Persistent sessions, connected or not. */
  sessions: number;
  /** Whether the client has a session already. */
  knows: (clientId: string) => boolean;
}

/** What speaks against a well-formed CONNECT before anyone is asked who it is; null when nothing does. */
export function judgeConnect(
  connect: ConnectPacket,
  limits: Limits,
  { clients, sessions, knows }: Occupancy,
): ConnectRefusal | null {
  if (connect.protocolLevel !== 3 && connect.protocolLevel !== 4) {
    const reason = "MQTT 3.1.1 (level 4) and 3.1 (level 3) are spoken here"; // [MQTT-3.1.2-2]
    return { returnCode: type.UNACCEPTABLE_PROTOCOL, cause: "connect-refused", reason };
  }
  if (connect.clientId === "" && !connect.cleanSession) {
    const reason = "an empty client id needs a clean session"; // [MQTT-3.1.3-8]
    return { returnCode: type.IDENTIFIER_REJECTED, cause: "connect-refused", reason };
  }
  const willFault = connect.willTopic === null ? null : topicNameFault(connect.willTopic);
  if (willFault !== null) {
    return { returnCode: type.NOT_AUTHORIZED, cause: "malformed", reason: `will: ${willFault}` };
  }
  const newSession = !connect.cleanSession && !knows(connect.clientId);
  if (clients >= limits.clients || (newSession && sessions >= limits.sessions)) {
    const reason = "there are too many clients or sessions";
    return { returnCode: type.SERVER_UNAVAILABLE, cause: "client-limit", reason };
  }
  return null;
}
