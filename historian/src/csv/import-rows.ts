import type { Sample } from "@fieldmesh/storage";
import { parseTime, TIME_EXPECTED } from "./time.js";
import { plainText } from "./write.js";

const COLUMNS = ["time", "value", "unit", "quality", "reason"] as const;
type Column = (typeof COLUMNS)[number];

/** As on the wire. */
const MAX_UNIT_CHARS = 32;
const MAX_REASON_CHARS = 500;
/** A clock that is ahead by more than this is wrong. */
const MAX_AHEAD_MS = 86_400_000;
const SHOWN_CHARS = 60;
const QUALITIES = ["", "good", "uncertain", "bad"];

export interface RowError {
  line: number;
  field: string;
  value: string;
  expected: string;
}

/** Where each column stands in a row. */
export type Header = ReadonlyMap<Column, number>;

/** What rows are measured against. */
export interface ImportContext {
  /** Of the stream, where the file has no column `unit`; undefined: it has to have one. */
  unit: string | undefined;
  /** Of the stream; undefined: what the first row with a value has. */
  valueType: "number" | "boolean" | undefined;
  now: number;
}

/**
 * Reads the first row, which names the columns, in any order.
 * @returns errors naming each name that is missing, unknown or there twice
 */
export function readHeader(names: readonly string[], { unit }: ImportContext): Header | RowError[] {
  const header = new Map<Column, number>();
  const errors: RowError[] = [];
  for (const [i, given] of names.entries()) {
    const name = given.trim().toLowerCase();
    const column = COLUMNS.find((known) => known === name);
    if (column === undefined) {
      errors.push({ line: 1, field: "header", value: cut(given), expected: `one of ${COLUMNS.join(", ")}` });
    } else if (header.has(column)) {
      errors.push({ line: 1, field: "header", value: column, expected: "each name once" });
    } else header.set(column, i);
  }
  const needed: Column[] = unit === undefined ? ["time", "value", "unit"] : ["time", "value"];
  for (const column of needed) {
    if (header.has(column)) continue;
    const why = column === "unit" ? ", as nothing is known of the stream yet" : "";
    errors.push({ line: 1, field: column, value: "", expected: `a column of this name${why}` });
  }
  return errors.length > 0 ? errors : header;
}

/** Makes samples of rows. The type of the first value is that of all. */
export class RowReader {
  readonly #header: Header;
  readonly #context: ImportContext;
  readonly #width: number;
  #valueType: "number" | "boolean" | undefined;

  constructor(header: Header, context: ImportContext) {
    this.#header = header;
    this.#context = context;
    this.#width = header.size;
    this.#valueType = context.valueType;
  }

  /** A reading that is named as the forms without a boot are: by its time. */
  read(fields: readonly string[], line: number): Sample | RowError {
    const wrong = (field: string, value: string, expected: string): RowError => ({
      line,
      field,
      value: cut(value),
      expected,
    });
    if (fields.length !== this.#width)
      return wrong("row", fields.join(","), `${this.#width} fields, as the header has`);
    const time = this.#field(fields, "time");
    const at = parseTime(time);
    if (at === undefined) return wrong("time", time, TIME_EXPECTED);
    if (at > this.#context.now + MAX_AHEAD_MS || at < 1)
      return wrong("time", time, "a time after 1970 that has come");

    const quality = this.#field(fields, "quality").toLowerCase();
    if (!QUALITIES.includes(quality))
      return wrong("quality", quality, '"good", "uncertain", "bad" or nothing');
    const text = this.#field(fields, "value");
    const value = text === "" ? null : parseValue(text);
    if (value === undefined)
      return wrong("value", text, "a finite number, true, false, or nothing where quality is bad");
    if (value === null && quality !== "bad")
      return wrong("value", text, 'a value; none only with quality "bad"');
    if (value !== null) {
      const type = typeof value === "boolean" ? "boolean" : "number";
      this.#valueType ??= type;
      if (type !== this.#valueType) {
        return wrong("value", text, this.#valueType === "boolean" ? "true or false" : "a number");
      }
    }
    const given = plainText(this.#field(fields, "unit"));
    const unit = given === "" ? this.#context.unit : given;
    if (unit === undefined || unit.length > MAX_UNIT_CHARS) {
      return wrong("unit", given, `a SenML unit of 1 to ${MAX_UNIT_CHARS} characters, as Cel`);
    }
    const sample: Sample = { boot: 0, seq: at, at, timestamp: at, value, unit };
    if (quality === "uncertain" || quality === "bad") {
      sample.quality = quality;
      const reason = plainText(this.#field(fields, "reason")).slice(0, MAX_REASON_CHARS);
      if (reason !== "") sample.reason = reason;
    }
    return sample;
  }

  #field(fields: readonly string[], column: Column): string {
    const i = this.#header.get(column);
    return i === undefined ? "" : (fields[i] ?? "").trim();
  }
}

function parseValue(text: string): number | boolean | undefined {
  const word = text.toLowerCase();
  if (word === "true") return true;
  if (word === "false") return false;
  if (!/^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/.test(word)) return undefined;
  const value = Number(text);
  return Number.isFinite(value) ? value : undefined;
}

function cut(text: string): string {
  return text.length > SHOWN_CHARS ? `${text.slice(0, SHOWN_CHARS)}…` : text;
}
