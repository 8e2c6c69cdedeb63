/** Why an input from the network was not taken. Stable: consumers count by it. */
export type Cause =
  | "topic" // not a topic of this wire
  | "name" // a level is outside the grammar of names
  | "reserved" // a level is a reserved name where it may not stand
  | "size" // larger than this kind of message may be
  | "utf8" // not well-formed UTF-8
  | "json" // not JSON
  | "field" // a field is missing or has the wrong type or range
  | "mismatch" // the payload names another node or sensor than its topic
  | "retained"; // a retained message where none may be

export interface Refusal {
  ok: false;
  cause: Cause;
  /** One sentence for people: names the field, the value (cut short) and what was expected. */
  detail: string;
  /** Path of the field that is wrong, as `sensors[2].unit`, where one is. */
  field?: string;
}

/** What a parser returns. Parsers never throw on network input. */
export type Parsed<T> = { ok: true; value: T } | Refusal;

export function accept<T>(value: T): Parsed<T> {
  return { ok: true, value };
}

export function refuse(cause: Cause, detail: string, field?: string): Refusal {
  return field === undefined ? { ok: false, cause, detail } : { ok: false, cause, detail, field };
}

/** Shows a foreign value in an error: at most 60 characters, as JSON. */
export function shown(value: unknown): string {
  let text: string;
  try {
    text = JSON.stringify(value) ?? String(value);
  } catch {
    text = typeof value;
  }
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}
