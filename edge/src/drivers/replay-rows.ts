import { createReadStream } from "node:fs";
import { parse } from "csv-parse";
import type { ValueType } from "../config/types.js";
import { DriverError, reasonOf } from "./driver.js";
import { parseTime } from "./time.js";
import { toValue } from "./value.js";

/** A row that is too long for any table of readings: not a CSV file, then. */
const MAX_ROW_CHARS = 65_536;
/** Names that a column of times goes by when none is named. */
const TIME_COLUMNS = ["timestamp", "time", "date", "datetime"];

export interface RowsOptions {
  file: string;
  delimiter: string;
  /** The column of values; found without regard to case when no column has exactly this name. */
  column: string;
  /** The column of times; absent: the first that goes by a usual name. */
  time?: string | undefined;
  valueType: ValueType;
  values?: Readonly<Record<string, number | boolean>> | undefined;
}

/** One row: when it was measured, ms since the epoch, and what; or why it cannot be read. */
export type Row = { atMs: number } & ({ value: number | boolean } | { fault: string });

/**
 * Reads a CSV file row by row, never the whole of it. The first line names the columns; where the rows have one
 * field more than that, the first one is an index without a name (as R writes its tables). Throws a DriverError
 * when file, columns or times are not what they should be.
 */
export async function* readRows(options: RowsOptions, signal: AbortSignal): AsyncGenerator<Row, void> {
  const source = createReadStream(options.file, { signal });
  const parser = parse({
    bom: true,
    delimiter: options.delimiter,
    relax_column_count: true,
    skip_empty_lines: true,
    trim: true,
    max_record_size: MAX_ROW_CHARS,
  });
  source.on("error", (error) => parser.destroy(error));
  source.pipe(parser);
  try {
    let header: string[] | undefined;
    let columns: { value: number; time: number } | undefined;
    let lineOfData = 0;
    for await (const fields of parser as AsyncIterable<string[]>) {
      if (header === undefined) {
        header = fields;
        columns = findColumns(header, options);
        continue;
      }
      lineOfData += 1;
      if (columns === undefined) return;
      yield rowOf(fields, header, columns, options, lineOfData);
    }
    if (lineOfData === 0) throw new DriverError(`${options.file} holds no rows`);
  } catch (error) {
    if (error instanceof DriverError) throw error;
    throw new DriverError(`cannot read ${options.file}: ${reasonOf(error)}`, { cause: error });
  } finally {
    source.destroy();
    parser.destroy();
  }
}

function rowOf(
  fields: readonly string[],
  header: readonly string[],
  columns: { value: number; time: number },
  options: RowsOptions,
  row: number,
): Row {
  const index = fields.length - header.length;
  if (index !== 0 && index !== 1) {
    throw new DriverError(
      `${options.file}, row ${row}: expected ${header.length} fields, got ${fields.length}`,
    );
  }
  const time = fields[columns.time + index] ?? "";
  const atMs = parseTime(time);
  if (atMs === undefined) {
    throw new DriverError(
      `${options.file}, row ${row}: expected a time, got ${JSON.stringify(time.slice(0, 40))}`,
    );
  }
  try {
    return { atMs, value: toValue(fields[columns.value + index], options.valueType, options.values) };
  } catch (error) {
    return { atMs, fault: `row ${row}: ${reasonOf(error)}` };
  }
}

function findColumns(header: readonly string[], options: RowsOptions): { value: number; time: number } {
  const value = findColumn(header, options.column);
  if (value === -1) {
    throw new DriverError(`${options.file} has no column "${options.column}": it has ${header.join(", ")}`);
  }
  const names = options.time === undefined ? TIME_COLUMNS : [options.time];
  const time = names.map((name) => findColumn(header, name)).find((at) => at !== -1);
  if (time === undefined) {
    throw new DriverError(`${options.file} has no column ${names.join(" or ")}: it has ${header.join(", ")}`);
  }
  return { value, time };
}

function findColumn(header: readonly string[], name: string): number {
  const exact = header.indexOf(name);
  return exact === -1 ? header.findIndex((column) => column.toLowerCase() === name.toLowerCase()) : exact;
}
