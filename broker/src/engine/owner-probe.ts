import type { AedesPublishPacket } from "aedes";
import type { Port } from "../port/port.js";
import type { Deliver } from "../router/router.js";

/** Recognised by identity when it comes back: Aedes copies packets, not payloads. */
const PAYLOAD = Buffer.from("probe");

/**
 * Finds whose a delivering function of Aedes is, by calling it: before it delivers, it asks `authorizeForward`, which
 * recognises the probe and says no.
 */
export class OwnerProbe {
  readonly #brokerId: string;
  #asked: Port | null = null;

  constructor(brokerId: string) {
    this.#brokerId = brokerId;
  }

  /** Null when it is a function of this process. */
  ownerOf(deliver: Deliver): Port | null {
    this.#asked = null;
    const probe = {
      cmd: "publish",
      topic: "probe",
      payload: PAYLOAD,
      qos: 0,
      retain: false,
      dup: false,
      brokerId: this.#brokerId,
      brokerCounter: 1,
    } as const;
    deliver(probe as AedesPublishPacket, () => undefined);
    return this.#asked;
  }

  /** To be asked of every packet in `authorizeForward`: true for the probe, which is not to be forwarded. */
  answered(packet: AedesPublishPacket, port: Port): boolean {
    if (packet.payload !== PAYLOAD) return false;
    this.#asked = port;
    return true;
  }
}
