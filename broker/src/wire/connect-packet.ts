import { FieldReader } from "./field-reader.js";
import { MalformedPacketError } from "./malformed.js";

/** What the broker itself needs to know of a CONNECT, once it has been checked. */
export interface ConnectPacket {
  /** 4 for MQTT 3.1.1, 3 for MQTT 3.1; others are to be refused with return code 1. */
  protocolLevel: number;
  clientId: string;
  cleanSession: boolean;
  keepAliveS: number;
  willTopic: string | null;
  username: string | null;
}

/**
 * Checks a CONNECT from its first to its last byte. A level that is not spoken here is given back without reading
 * on, since what follows may have another form.
 * @throws {MalformedPacketError}
 */
export function readConnect(bytes: Buffer, start: number, end: number): ConnectPacket {
  const fields = new FieldReader(bytes, start, end);
  const name = fields.text("protocol name");
  const protocolLevel = fields.byte() & 0x7f; // the top bit marks a bridge (Mosquitto's convention)
  const packet: ConnectPacket = {
    protocolLevel,
    clientId: "",
    cleanSession: true,
    keepAliveS: 0,
    willTopic: null,
    username: null,
  };
  if (name === "MQTT" ? protocolLevel !== 4 : name !== "MQIsdp" || protocolLevel !== 3) {
    if (name !== "MQTT" && name !== "MQIsdp")
      throw new MalformedPacketError("the protocol name is not MQTT", "MQTT-3.1.2-1");
    return { ...packet, protocolLevel: 0 };
  }
  const flags = fields.byte();
  if (flags & 0x01) throw new MalformedPacketError("reserved flag of CONNECT is set", "MQTT-3.1.2-3");
  const willQos = (flags >> 3) & 3;
  if (flags & 0x04) {
    if (willQos === 3) throw new MalformedPacketError("will QoS 3", "MQTT-3.1.2-14");
  } else if (flags & 0x38) {
    throw new MalformedPacketError("will QoS or will retain without a will", "MQTT-3.1.2-11");
  }
  if (!(flags & 0x80) && flags & 0x40)
    throw new MalformedPacketError("a password without a user name", "MQTT-3.1.2-22");
  packet.cleanSession = (flags & 0x02) !== 0;
  packet.keepAliveS = fields.uint16();
  packet.clientId = fields.text("client id");
  if (flags & 0x04) {
    packet.willTopic = fields.text("will topic");
    fields.binary();
  }
  if (flags & 0x80) packet.username = fields.text("user name");
  if (flags & 0x40) fields.binary();
  fields.end("CONNECT");
  return packet;
}
