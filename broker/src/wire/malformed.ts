/** A control packet that the standard wants answered by closing the connection; code `BROKER_MALFORMED`. */
export class MalformedPacketError extends Error {
  readonly code = "BROKER_MALFORMED";

  constructor(what: string, clause: string) {
    super(`${what} [${clause}]`);
    this.name = "MalformedPacketError";
  }
}
