/** First bytes of MQTT 3.1.1 control packets (type in the upper four bits, flags below) [MQTT-2.2.1]. */
export const CONNECT = 0x10;
export const CONNACK = 0x20;
export const PUBLISH = 0x30;
export const PUBACK = 0x40;
export const PUBREC = 0x50;
export const PUBREL = 0x60;
export const PUBCOMP = 0x70;
export const SUBSCRIBE = 0x80;
export const UNSUBSCRIBE = 0xa0;
export const PINGREQ = 0xc0;
export const DISCONNECT = 0xe0;

/** @param kind upper four bits of a packet's first byte */
export function isAcknowledgement(kind: number): boolean {
  return kind >= PUBACK && kind <= PUBCOMP;
}

/** CONNACK return codes [MQTT-3.2.2.3]. */
export const ACCEPTED = 0;
export const UNACCEPTABLE_PROTOCOL = 1;
export const IDENTIFIER_REJECTED = 2;
export const SERVER_UNAVAILABLE = 3;
export const BAD_CREDENTIALS = 4;
export const NOT_AUTHORIZED = 5;

/** PINGRESP is two fixed bytes. */
export const PINGRESP_FRAME: Buffer = Buffer.from([0xd0, 0x00]);

/** A CONNACK that refuses; session present is 0 with it [MQTT-3.2.2-4]. */
export function connackFrame(returnCode: number): Buffer {
  return Buffer.from([CONNACK, 2, 0, returnCode]);
}
