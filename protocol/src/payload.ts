import { accept, type Parsed, refuse } from "./parsed.js";

/**
 * The most a payload of each kind may weigh, in bytes. A reading or an event is a line; a birth names every
 * sensor and rule of a node, and stats every range that it lost or holds.
 */
export const MAX_PAYLOAD_BYTES = {
  raw: 4 * 1024,
  event: 8 * 1024,
  birth: 512 * 1024,
  status: 4 * 1024,
  stats: 1024 * 1024,
  command: 16 * 1024,
  reply: 256 * 1024,
  ack: 4 * 1024,
  alarm: 8 * 1024,
  product: 512,
  compliance: 64 * 1024,
  quality: 64 * 1024,
  "legacy-raw": 4 * 1024,
  "legacy-event": 8 * 1024,
} as const;

/** The part of the encoding standard's decoder used here: browsers and Node.js have it, the ES library not. */
declare class TextDecoder {
  constructor(label: string, options: { fatal: boolean; ignoreBOM: boolean });
  decode(bytes: Uint8Array): string;
}

// The built-in decoder refuses ill-formed bytes instead of replacing them, and keeps a leading BOM (so that
// JSON refuses it: RFC 8259, section 8.1).
const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Decodes UTF-8 and JSON under a limit of bytes. */
export function decodeJson(payload: Uint8Array, maxBytes: number): Parsed<unknown> {
  if (payload.byteLength > maxBytes) {
    return refuse("size", `payload of ${payload.byteLength} bytes: expected at most ${maxBytes}`);
  }
  let text: string;
  try {
    text = utf8.decode(payload);
  } catch {
    return refuse("utf8", "payload is not well-formed UTF-8");
  }
  try {
    return accept(JSON.parse(text) as unknown);
  } catch (cause) {
    return refuse("json", `payload is not JSON: ${cause instanceof Error ? cause.message : "unreadable"}`);
  }
}

export type JsonObject = { readonly [key: string]: unknown };

export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
