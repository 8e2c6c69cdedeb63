import { Decoder, Encoder, type Packet, PacketType } from "socket.io-parser";

/** JSON that is encoded already: sent as it is, to as many browsers as want it. */
export class RawJson {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/**
 * Socket.IO's own encoder, except that an event's first argument may be a {@link RawJson}, which is then not
 * encoded again for each browser. On the wire there is no difference: browsers use the ordinary parser.
 */
class RawJsonEncoder extends Encoder {
  override encode(packet: Packet): unknown[] {
    const data: unknown = packet.data;
    if (packet.type !== PacketType.EVENT || !Array.isArray(data) || !(data[1] instanceof RawJson)) {
      return super.encode(packet);
    }
    // `<type>[<namespace>,][<ack id>]<JSON array>`, the text form of Socket.IO protocol 5.
    const namespace = packet.nsp === "/" ? "" : `${packet.nsp},`;
    const id = packet.id === undefined ? "" : String(packet.id);
    return [`${packet.type}${namespace}${id}[${JSON.stringify(data[0])},${data[1].text}]`];
  }
}

/** For the `parser` option of Socket.IO's server. */
export const rawJsonParser = { Encoder: RawJsonEncoder, Decoder };
