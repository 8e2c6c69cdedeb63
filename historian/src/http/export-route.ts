import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { SampleColumns } from "@fieldmesh/storage";
import type { Response } from "express";
import { type ExportFormat, exportReadings } from "../csv/export.js";

export const EXPORT_TYPES: Record<ExportFormat, string> = {
  csv: "text/csv; charset=utf-8; header=present",
  ndjson: "application/x-ndjson",
};

/**
 * Streams readings out at the pace at which they are taken; whoever goes away ends it. A fault after the first line
 * closes the connection before its proper end, so that nobody takes a part for the whole.
 */
export async function sendExport(
  response: Response,
  stretches: AsyncIterable<SampleColumns>,
  { format, times, file }: { format: ExportFormat; times: "iso" | "ms"; file: string },
): Promise<void> {
  const text = exportReadings(stretches, format, times);
  // The first piece before the head: what the store says until then can still be a problem document.
  const first = await text.next();
  response.status(200).set({
    "Content-Type": EXPORT_TYPES[format],
    "Content-Disposition": `attachment; filename="${file}.${format}"`,
    "Cache-Control": "private, no-store",
    Vary: "Accept, Authorization, Cookie",
  });
  if (response.req.method === "HEAD") {
    await text.return();
    response.end();
    return;
  }
  try {
    await pipeline(Readable.from(resumed(first, text), { objectMode: true, highWaterMark: 2 }), response);
  } catch (error) {
    if (response.destroyed && isGone(error)) return;
    throw error;
  }
}

async function* resumed(
  first: IteratorResult<string, void>,
  rest: AsyncGenerator<string, void, undefined>,
): AsyncGenerator<string, void, undefined> {
  try {
    if (first.done !== true) yield first.value;
    yield* rest;
  } finally {
    await rest.return();
  }
}

/** Whoever took it has closed the connection. */
function isGone(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ERR_STREAM_PREMATURE_CLOSE";
}
