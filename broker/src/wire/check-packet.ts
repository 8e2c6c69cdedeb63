import { filterFault } from "../access/topic-filter.js";
import { FieldReader } from "./field-reader.js";
import { MalformedPacketError } from "./malformed.js";
import * as type from "./packet-type.js";

/**
 * Checks a packet other than CONNECT and PUBLISH, so that the engine behind never sees an ill-formed one.
 * @param start first byte after the fixed header @param end one past the packet's last byte
 * @throws {MalformedPacketError}
 */
export function checkPacket(first: number, bytes: Buffer, start: number, end: number): void {
  const fields = new FieldReader(bytes, start, end);
  const kind = first & 0xf0;
  const flags = first & 0x0f;
  const wantedFlags = kind === type.PUBREL || kind === type.SUBSCRIBE || kind === type.UNSUBSCRIBE ? 2 : 0;
  if (flags !== wantedFlags)
    throw new MalformedPacketError(`flags ${flags} of packet type ${kind >> 4}`, "MQTT-2.2.2-2");
  switch (kind) {
    case type.PUBACK:
    case type.PUBREC:
    case type.PUBREL:
    case type.PUBCOMP:
      fields.packetId();
      fields.end("an acknowledgement");
      return;
    case type.SUBSCRIBE:
      fields.packetId();
      do {
        checkFilter(fields.text("topic filter"));
        if (fields.byte() > 2) throw new MalformedPacketError("requested QoS above 2", "MQTT-3.8.3-4");
      } while (fields.remaining > 0);
      return;
    case type.UNSUBSCRIBE:
      fields.packetId();
      do checkFilter(fields.text("topic filter"));
      while (fields.remaining > 0);
      return;
    case type.PINGREQ:
    case type.DISCONNECT:
      fields.end("a packet without fields");
      return;
    default:
      throw new MalformedPacketError(`packet type ${kind >> 4} from a client`, "MQTT-2.2.1");
  }
}

function checkFilter(filter: string): void {
  const fault = filterFault(filter);
  if (fault) throw new MalformedPacketError(`topic filter "${filter}" ${fault}`, "MQTT-4.7.1");
}
