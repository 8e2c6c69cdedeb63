import type { ImportProgress } from "@fieldmesh/protocol";
import { parseStreamName } from "@fieldmesh/protocol";
import { HttpProblem, type Log, liftBodyDeadline, principalOf } from "@fieldmesh/runtime";
import type { Request, RequestHandler, Response } from "express";
import type { ReadGuard } from "../access/read-guard.js";
import { HeaderError, ImportError, importCsv } from "../csv/import.js";
import { problemOfStore } from "./answers.js";
import { parseQuery } from "./parameters.js";
import type { HistoryReads } from "./reads.js";
import { Seats } from "./seats.js";

export interface ImportRouteOptions {
  reads: Pick<HistoryReads, "stream" | "importSamples">;
  guard: Pick<ReadGuard, "check" | "watch">;
  clock: () => number;
  log: Log;
  limits?: ImportLimits | undefined;
}

export interface ImportLimits {
  /** Of one file. Default 512 MiB, which is some ten million readings. */
  maxBytes?: number;
  /** A file of which nothing comes for this long is given up. Default 60 s. */
  idleMs?: number;
}

const MAX_BYTES = 536_870_912;
const IDLE_MS = 60_000;

/** `POST …/import`: CSV in, NDJSON out, a line for each step; what is stored stays stored however it ends. */
export function importRoute(options: ImportRouteOptions): RequestHandler {
  const { reads, guard, clock, log, limits: { maxBytes = MAX_BYTES, idleMs = IDLE_MS } = {} } = options;
  const seats = new Seats("imports", 2);
  return async (request, response) => {
    parseQuery(request.query, []);
    const stream = streamOf(request);
    const importer = principalOf(response);
    guard.check(importer, stream, "import");
    checkHead(request, maxBytes);
    const known = await reads.stream(stream);
    await seats.sit(async () => {
      const putBack = liftBodyDeadline(request);
      const unwatch = guard.watch(importer, stream, "import", () => response.destroy());
      try {
        const steps = importCsv(bodyOf(request, idleMs), {
          unit: known?.unit,
          valueType: known?.valueType,
          now: clock(),
          maxBytes,
          store: (samples) => reads.importSamples(stream, samples),
        });
        const last = await tell(response, steps);
        log.info({ by: importer.name, stream, ...last, errors: last.errors.length }, "readings imported");
      } catch (error) {
        if (!response.destroyed) throw error;
        log.info({ by: importer.name, stream }, "an import was broken off");
      } finally {
        unwatch();
        putBack();
      }
    });
  };
}

function streamOf(request: Request): string {
  const { stream } = request.params;
  const name = typeof stream === "string" ? stream : "";
  const parsed = parseStreamName(name);
  if (parsed.ok) return name;
  const errors = [{ pointer: "/stream", detail: parsed.detail }];
  throw new HttpProblem(422, "invalid", parsed.detail, { errors });
}

function checkHead(request: Request, maxBytes: number): void {
  if (request.is("text/csv") === false || request.is("text/csv") === null) {
    throw new HttpProblem(415, "not_csv", "expected a body of CSV with Content-Type: text/csv");
  }
  const charset = /charset="?([\w-]+)/i.exec(request.get("Content-Type") ?? "")?.[1] ?? "utf-8";
  const encoding = request.get("Content-Encoding") ?? "identity";
  if (!/^(?:utf-?8|us-ascii)$/i.test(charset) || encoding !== "identity") {
    throw new HttpProblem(415, "unsupported_encoding", "the body must be CSV in UTF-8, not compressed");
  }
  if (Number(request.get("Content-Length") ?? 0) > maxBytes) {
    throw new HttpProblem(413, "too_large", `the file is larger than ${maxBytes} bytes: cut it`);
  }
}

/** Ends without closing the connection, which still has to carry the answer. */
async function* bodyOf(request: Request, idleMs: number): AsyncGenerator<Uint8Array, void, undefined> {
  const chunks: AsyncIterator<Uint8Array> = request.iterator({ destroyOnReturn: false });
  for (;;) {
    const chunk = await soon(chunks.next(), idleMs);
    if (chunk.done === true) return;
    yield chunk.value;
  }
}

/** @throws ImportError when it takes longer. */
async function soon<T>(work: Promise<T>, limitMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      reject(new ImportError("too_slow", `nothing of the file came for ${limitMs / 1_000} s`));
    }, limitMs);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Writes each step as it comes, at the pace at which it is taken.
 * @throws what went wrong before the first step; later it is said in the last line
 */
async function tell(response: Response, steps: AsyncIterable<ImportProgress>): Promise<ImportProgress> {
  let last: ImportProgress | undefined;
  const write = async (step: ImportProgress): Promise<void> => {
    if (last === undefined) {
      response.status(200).type("application/x-ndjson").set("Cache-Control", "no-store");
      // Proxies that gather answers would keep the progress to themselves.
      response.set("X-Accel-Buffering", "no");
    }
    last = step;
    if (response.write(`${JSON.stringify(step)}\n`) || response.destroyed) return;
    await new Promise<void>((proceed) => response.once("drain", proceed).once("close", proceed));
  };
  try {
    for await (const step of steps) await write(step);
  } catch (error) {
    const problem = problemOf(error);
    const before = last as ImportProgress | undefined;
    if (before === undefined || problem === undefined || response.destroyed) throw problem ?? error;
    await write({ ...before, problem: { code: problem.code, detail: problem.message } });
  }
  response.end();
  return last ?? { rows: 0, stored: 0, duplicates: 0, refused: 0, errors: [], done: true };
}

function problemOf(error: unknown): HttpProblem | undefined {
  const cause = { cause: error };
  if (error instanceof HeaderError) {
    const errors = error.errors.map(({ field, value, expected }) => ({
      pointer: `/${field}`,
      detail: `${field} ${JSON.stringify(value)}: expected ${expected}`,
      value,
      expected,
    }));
    return new HttpProblem(422, "header", `${error.message}: ${errors[0]?.detail}`, { errors }, cause);
  }
  if (error instanceof ImportError) {
    const status = { too_large: 413, too_slow: 408, malformed_csv: 422, not_utf8: 422, empty: 422 }[
      error.code
    ];
    return new HttpProblem(status, error.code, error.message, {}, cause);
  }
  if (error instanceof HttpProblem) return error;
  return problemOfStore(error);
}
