/** One message as `sub` shows it. */
export interface Received {
  topic: string;
  payload: Uint8Array;
  qos: 0 | 1 | 2;
  retain: boolean;
}

const strict = new TextDecoder("utf-8", { fatal: true });

/** For programs: the payload as text, or as Base64 where it is not UTF-8. */
export function toJson(message: Received, at: number): Record<string, unknown> {
  const { topic, qos, retain } = message;
  const head = { at, topic, qos, retain };
  try {
    return { ...head, payload: strict.decode(message.payload) };
  } catch {
    return { ...head, payloadBase64: Buffer.from(message.payload).toString("base64") };
  }
}

/** As `mosquitto_sub`: the payload's bytes, with `-v` the topic before them. */
export function toBytes(message: Received, verbose: boolean): Uint8Array {
  return verbose ? Buffer.concat([Buffer.from(`${message.topic} `), message.payload]) : message.payload;
}
