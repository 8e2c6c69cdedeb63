import { pipeline } from "node:stream";
import type { ImportProgress } from "@fieldmesh/protocol";
import type { Appended, Sample } from "@fieldmesh/storage";
import { CsvError, parse } from "csv-parse";
import { type Header, type ImportContext, type RowError, RowReader, readHeader } from "./import-rows.js";

/** Readings stored at a time, after which progress is told. */
const BATCH = 5_000;
/** Refused rows that are listed. */
const MAX_ERRORS = 20;
/** Quotes that are not closed would make one row of a whole file. */
const MAX_ROW_CHARS = 16_384;

/** A file that cannot be read (on). `code` is stable. */
export class ImportError extends Error {
  override readonly name = "ImportError";
  readonly code: "malformed_csv" | "not_utf8" | "too_large" | "too_slow" | "empty";

  constructor(code: ImportError["code"], message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** The first row does not name the columns. */
export class HeaderError extends Error {
  override readonly name = "HeaderError";
  readonly code = "header";
  readonly errors: readonly RowError[];

  constructor(errors: readonly RowError[]) {
    super("the first row must name the columns: time, value and, where there are any, unit, quality, reason");
    this.errors = errors;
  }
}

export interface ImportOptions extends ImportContext {
  maxBytes: number;
  store: (samples: readonly Sample[]) => Promise<Appended>;
}

/**
 * Reads CSV (RFC 4180, UTF-8) and stores its rows as readings, a batch at a time: it reads no faster than they are
 * stored, and than its progress is taken. Rows that are wrong are named and left out.
 * @returns progress after each batch; the last is `done`
 * @throws HeaderError before anything was stored; ImportError; what `store` throws
 */
export async function* importCsv(
  source: AsyncIterable<Uint8Array>,
  options: ImportOptions,
): AsyncGenerator<ImportProgress, void, undefined> {
  const progress: ImportProgress = { rows: 0, stored: 0, duplicates: 0, refused: 0, errors: [], done: false };
  let reader: RowReader | undefined;
  let batch: Sample[] = [];
  const store = async (): Promise<ImportProgress> => {
    const { stored, duplicates } = await options.store(batch);
    batch = [];
    progress.stored += stored.length;
    progress.duplicates += duplicates;
    return snapshot(progress);
  };
  for await (const { fields, line } of rowsOf(source, options.maxBytes)) {
    if (reader === undefined) {
      const header: Header | RowError[] = readHeader(fields, options);
      if (Array.isArray(header)) throw new HeaderError(header);
      reader = new RowReader(header as Header, options);
      continue;
    }
    progress.rows++;
    const read = reader.read(fields, line);
    if ("expected" in read) {
      progress.refused++;
      if (progress.errors.length < MAX_ERRORS) progress.errors.push(read);
    } else batch.push(read);
    if (batch.length >= BATCH) yield await store();
  }
  if (reader === undefined)
    throw new ImportError("empty", "the file is empty: expected a row that names the columns");
  if (batch.length > 0) await store();
  progress.done = true;
  yield snapshot(progress);
}

function snapshot(progress: ImportProgress): ImportProgress {
  return { ...progress, errors: [...progress.errors] };
}

async function* rowsOf(
  source: AsyncIterable<Uint8Array>,
  maxBytes: number,
): AsyncGenerator<{ fields: string[]; line: number }, void, undefined> {
  const parser = parse({
    bom: true,
    record_delimiter: ["\r\n", "\n", "\r"], // found out by itself, a file that mixes them is one long row
    info: true,
    relax_column_count: true, // said with the line
    skip_empty_lines: true,
    max_record_size: MAX_ROW_CHARS,
  });
  // Its failure is the parser's too, which is where it is met.
  pipeline(textOf(source, maxBytes), parser, () => {});
  try {
    for await (const row of parser) {
      const { record, info } = row as { record: string[]; info: { lines: number } };
      yield { fields: record, line: info.lines };
    }
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    const line = typeof error["lines"] === "number" ? `line ${error["lines"]}: ` : "";
    throw new ImportError("malformed_csv", `${line}${error.message}`, { cause: error });
  }
}

async function* textOf(
  source: AsyncIterable<Uint8Array>,
  maxBytes: number,
): AsyncGenerator<string, void, undefined> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let bytes = 0;
  const decode = (chunk?: Uint8Array): string => {
    try {
      return chunk === undefined ? decoder.decode() : decoder.decode(chunk, { stream: true });
    } catch (cause) {
      throw new ImportError("not_utf8", `the file is not UTF-8 (before byte ${bytes})`, { cause });
    }
  };
  for await (const chunk of source) {
    bytes += chunk.length;
    if (bytes > maxBytes)
      throw new ImportError("too_large", `the file is larger than ${maxBytes} bytes: cut it`);
    const text = decode(chunk);
    if (text !== "") yield text;
  }
  const rest = decode();
  if (rest !== "") yield rest;
}
