/** Control packets made by hand, for what a library would not write. Lengths below 128 take one byte [MQTT-2.2.3]. */

/** A string or bytes with a length of two bytes before it. */
export function field(value: string | Buffer): Buffer {
  const bytes = Buffer.from(value as string);
  return Buffer.concat([Buffer.from([bytes.length >> 8, bytes.length & 255]), bytes]);
}

/** A whole packet: its first byte and what follows the remaining length. */
export function packet(first: number, ...rest: (Buffer | number)[]): Buffer {
  const body = Buffer.concat(rest.map((part) => (typeof part === "number" ? Buffer.from([part]) : part)));
  const length: number[] = [];
  let left = body.length;
  do {
    length.push(left > 127 ? (left & 127) | 128 : left);
    left >>= 7;
  } while (left > 0);
  return Buffer.concat([Buffer.from([first, ...length]), body]);
}

/** Bits of the CONNECT flags. */
export const FLAG = {
  reserved: 1,
  clean: 2,
  will: 4,
  willQos: 8,
  willRetain: 32,
  password: 64,
  userName: 128,
};

export interface ConnectParts {
  name?: string;
  level?: number;
  flags?: number;
  payload: readonly Buffer[];
}

/** CONNECT from its parts, with keep-alive 0; MQTT 3.1.1 and a clean session unless said otherwise. */
export function connect({ name = "MQTT", level = 4, flags = FLAG.clean, payload }: ConnectParts): Buffer {
  return packet(0x10, field(name), level, flags, 0, 0, ...payload);
}

/** A packet identifier. */
export function identifier(id: number): Buffer {
  return Buffer.from([id >> 8, id & 255]);
}
