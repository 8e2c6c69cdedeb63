import type { HistoryGaps, HistoryLatest, HistoryQuality, HistoryStream } from "@fieldmesh/protocol";
import {
  Attempts,
  clientKey,
  HttpProblem,
  includesRole,
  type Log,
  parseBody,
  principalOf,
  type Role,
  resource,
  type SignIn,
} from "@fieldmesh/runtime";
import { type Request, type RequestHandler, type Response, Router } from "express";
import { z } from "zod";
import type { Reader, ReadVerdict } from "../access/access-rules.js";
import { type ReadGuard, streamUnknown } from "../access/read-guard.js";
import { answered, inTime, linkNext, sendJson } from "./answers.js";
import { sendExport } from "./export-route.js";
import { type ImportLimits, importRoute } from "./import-route.js";
import { historyDescription } from "./openapi.js";
import { badParameters, PARAMETERS, parseQuery, type Query } from "./parameters.js";
import { openRange, RANGE, rangeOf } from "./range.js";
import { findReadings } from "./readings.js";
import type { HistoryReads } from "./reads.js";
import { Seats } from "./seats.js";
import { pageOf } from "./stream-list.js";

export interface HistoryRoutesOptions {
  signIn: Pick<SignIn, "requireRole">;
  reads: HistoryReads;
  /** Who may read what. */
  guard: ReadGuard;
  log: Log;
  /** Shown in the API description. */
  version: string;
  /** ms since the epoch; the machine's by default. */
  clock?: () => number;
  imports?: ImportLimits;
  /** Requests of one person or program at one address. Default 600 in 10 s. */
  rate?: { max: number; windowMs: number };
}

export const HISTORY_PATH = "/api/history";
const DEFAULT_POINTS = 1_000;
const DEFAULT_LIMIT = 100;
/** Some ten charts that are dragged about. */
const RATE = { max: 600, windowMs: 10_000 };
const MAX_RATED = 10_000;
/** Whoever takes a file in holds a connection of the store for as long. */
const EXPORTS = 8;
const STALLED_MS = 60_000;

const READINGS = [...RANGE, "points", "mode", "level", "format", "times"] as const;
const LIST = ["domain", "node", "q", "after", "limit"] as const;
const PAGE = ["after", "limit"] as const;
const EVENTS = ["stream", "domain", "node", "sensor", "rule", "state", "severity"] as const;

/** Everything under `/api/history`; `protocol/src/history-api.ts` says what is answered. */
export function historyRoutes(options: HistoryRoutesOptions): Router {
  const { signIn, reads, guard, log, version, clock = Date.now } = options;
  const router = Router();
  const rate = new Attempts({
    ...(options.rate ?? RATE),
    maxKeys: MAX_RATED,
    now: () => performance.now(), // whose clock is set back is not kept waiting
  });
  const exports = new Seats("exports", EXPORTS);
  const as = (role: Role, handler: RequestHandler): RequestHandler[] => [
    signIn.requireRole(role),
    limited(rate),
    handler,
  ];
  const get = (path: string, handler: (request: Request, response: Response) => Promise<void>): void =>
    resource(router, `${HISTORY_PATH}${path}`, { get: as("viewer", answered(handler)) });

  /** Of private products whoever may not read them does not learn that they are there. */
  const listed = async (reader: Reader): Promise<HistoryStream[]> => {
    guard.checkKnown(reader);
    const streams = await inTime(toPromise(reads.streams()));
    return streams.filter(({ stream }) => guard.isListed(reader, stream));
  };
  get("/streams", async (request, response) => {
    const query = parseQuery(request.query, LIST);
    const reader = principalOf(response);
    const { items, next } = pageOf(await listed(reader), query, query.limit ?? DEFAULT_LIMIT);
    linkNext(request, response, next);
    const marked = items.map((stream) => marking(stream, guard.judge(reader, stream.stream)));
    sendJson(request, response, marked);
  });
  get("/streams/:stream", async (request, response) => {
    parseQuery(request.query, []);
    const reader = principalOf(response);
    const stream = await streamOf(reads, request);
    if (!guard.isListed(reader, stream.stream)) guard.check(reader, stream.stream, "read");
    sendJson(request, response, marking(stream, guard.judge(reader, stream.stream)));
  });
  get("/streams/:stream/latest", async (request, response) => {
    parseQuery(request.query, []);
    const { stream } = await streamOf(reads, request);
    guard.check(principalOf(response), stream, "read");
    const sample = await inTime(reads.series.latest(stream));
    if (sample === undefined) throw new HttpProblem(404, "no_readings", `no reading of ${stream} is kept`);
    sendJson(request, response, { stream, ...sample } satisfies HistoryLatest);
  });
  get("/streams/:stream/readings", async (request, response) => {
    const query = parseQuery(request.query, READINGS);
    const range = rangeOf(query, clock());
    const format = formatOf(request, query);
    const stream = await streamOf(reads, request);
    const reader = principalOf(response);
    guard.check(reader, stream.stream, format === "json" ? "read" : "export");
    if (format !== "json") {
      refuseForExport(query);
      const file = `${stream.stream}_${stamp(range.from)}_${stamp(range.to)}`;
      response.setTimeout(STALLED_MS, () => response.destroy());
      // What is taken back while it is on its way ends there.
      const unwatch = guard.watch(reader, stream.stream, "export", () => response.destroy());
      try {
        await exports.sit(() =>
          sendExport(response, reads.series.range(stream.stream, range), {
            format,
            times: query.times ?? "iso",
            file,
          }),
        );
      } finally {
        unwatch();
      }
      return;
    }
    if (query.times !== undefined) {
      throw badParameters([{ parameter: "times", value: query.times, expected: "only with format=csv" }]);
    }
    const { points = DEFAULT_POINTS, mode = "minmax", level = "auto" } = query;
    const found = await inTime(findReadings(reads.series, stream, { ...range, points, mode, level }));
    sendJson(request, response, found);
  });
  get("/streams/:stream/gaps", async (request, response) => {
    const { limit = DEFAULT_LIMIT, last, ...query } = parseQuery(request.query, [...RANGE, ...PAGE]);
    const range = openRange({ ...query, last }, clock());
    const { stream } = await streamOf(reads, request);
    guard.check(principalOf(response), stream, "read");
    const [page, account] = await inTime(
      Promise.all([
        reads.losses
          .entries(stream, { ...range, after: query.after, limit })
          .catch(cursorProblem(query.after)),
        reads.losses.account(stream),
      ]),
    );
    linkNext(request, response, page.next);
    sendJson(request, response, { stream, ...page, account } satisfies HistoryGaps);
  });
  get("/streams/:stream/quality", async (request, response) => {
    parseQuery(request.query, []);
    const { stream } = await streamOf(reads, request);
    const reader = principalOf(response);
    // How good something is may be seen by who considers asking for it.
    if (!guard.isListed(reader, stream)) guard.check(reader, stream, "read");
    const measuredAt = clock();
    const report = await inTime(toPromise(reads.quality.report(stream, measuredAt)));
    if (report === undefined) throw new HttpProblem(404, "not_measured", `${stream} was not measured yet`);
    sendJson(request, response, { measuredAt, reports: [report] } satisfies HistoryQuality);
  });
  get("/quality", async (request, response) => {
    const query = parseQuery(request.query, LIST);
    const page = pageOf(await listed(principalOf(response)), query, query.limit ?? DEFAULT_LIMIT);
    const measuredAt = clock();
    const reports = await inTime(
      Promise.all(page.items.map(async ({ stream }) => await reads.quality.report(stream, measuredAt))),
    );
    linkNext(request, response, page.next);
    const answer: HistoryQuality = {
      measuredAt,
      reports: reports.filter((report) => report !== undefined),
      ...(page.next === undefined ? {} : { next: page.next }),
    };
    sendJson(request, response, answer);
  });
  get("/events", async (request, response) => {
    const {
      limit = DEFAULT_LIMIT,
      last,
      ...query
    } = parseQuery(request.query, [...EVENTS, ...RANGE, ...PAGE]);
    const range = openRange({ ...query, last }, clock());
    const reader = principalOf(response);
    if (query.stream === undefined) guard.checkKnown(reader);
    else if (guard.hides(reader, query.stream, "read")) {
      sendJson(request, response, []);
      return;
    }
    const page = await inTime(
      reads.events.find({ ...query, ...range, limit }).catch(cursorProblem(query.after)),
    );
    linkNext(request, response, page.next);
    // A page may so have fewer than it could; `Link` goes on from where it ended.
    sendJson(
      request,
      response,
      page.items.filter(({ stream }) => guard.judge(reader, stream).allowed),
    );
  });
  get("/status", async (request, response) => {
    parseQuery(request.query, []);
    sendJson(request, response, await inTime(reads.status()));
  });
  get("/openapi.json", (request, response) => {
    parseQuery(request.query, []);
    sendJson(request, response, historyDescription(version));
    return Promise.resolve();
  });
  resource(router, `${HISTORY_PATH}/configuration`, {
    get: as(
      "viewer",
      answered((request, response) => {
        parseQuery(request.query, []);
        const { version: of, document } = reads.configuration.current;
        const reader = principalOf(response);
        // The version is what a change asks for, and only administrators change it.
        if (includesRole(reader.role, "admin")) sendJson(request, response, document, `"${of}"`);
        else
          sendJson(
            request,
            response,
            shownPart(document, (stream) => guard.isListed(reader, stream)),
          );
        return Promise.resolve();
      }),
    ),
    put: as(
      "admin",
      answered(async (request, response) => {
        parseQuery(request.query, []);
        const ifVersion = ifMatch(request);
        const document = parseBody(request, z.record(z.string(), z.unknown()));
        const { name: by } = principalOf(response);
        const put = await reads.configuration.put(document, ifVersion, by);
        if (put === undefined) {
          const { version: now } = reads.configuration.current;
          const detail = `the configuration is of version ${now} meanwhile: read it again`;
          throw new HttpProblem(412, "changed_meanwhile", detail, { headers: { ETag: `"${now}"` } });
        }
        log.info({ by, version: put.version }, "configuration replaced");
        sendJson(request, response, put.document, `"${put.version}"`);
      }),
    ),
  });
  resource(router, `${HISTORY_PATH}/streams/:stream/import`, {
    post: as(
      "operator",
      importRoute({
        reads,
        guard,
        clock,
        log,
        limits: options.imports,
      }),
    ),
  });
  return router;
}

/** As it is listed to who may not read it. */
function marking(stream: HistoryStream, verdict: ReadVerdict): HistoryStream {
  if (verdict.allowed || verdict.readers === undefined) return stream;
  const { product, version } = verdict.readers;
  const refused = { reason: verdict.detail, product, ...(version === undefined ? {} : { version }) };
  return { ...stream, refused };
}

/** Without who reads what, which is not for everyone who may read something, and without what is private. */
function shownPart(document: unknown, isListed: (stream: string) => boolean): unknown {
  if (typeof document !== "object" || document === null) return document;
  const { access: _, ...rest } = document as Record<string, unknown>;
  const { streams } = rest;
  if (typeof streams !== "object" || streams === null) return rest;
  const shown = Object.entries(streams).filter(([stream]) => isListed(stream));
  return { ...rest, streams: Object.fromEntries(shown) };
}

async function toPromise<T>(value: T | Promise<T>): Promise<T> {
  return await value;
}

/** Behind the role, so that it is counted by who asks, also where all come through one dashboard. */
function limited(rate: Attempts): RequestHandler {
  return (request, response, next) => {
    const { name } = principalOf(response);
    const waitMs = rate.take(`${name} ${clientKey(request.headers, request.socket.remoteAddress)}`);
    if (waitMs === 0) return next();
    const seconds = Math.ceil(waitMs / 1_000);
    throw new HttpProblem(429, "too_many_requests", `too many requests: wait ${seconds} s`, {
      headers: { "Retry-After": String(seconds) },
    });
  };
}

async function streamOf(reads: HistoryReads, request: Request): Promise<HistoryStream> {
  const { stream: given } = request.params;
  const name = typeof given === "string" ? given : "";
  const stream = await inTime(toPromise(reads.stream(name)));
  if (stream !== undefined) return stream;
  throw streamUnknown(name);
}

function formatOf(request: Request, { format }: Query<"format">): "json" | "csv" | "ndjson" {
  if (format !== undefined) return format;
  const accepted = request.accepts(["application/json", "text/csv", "application/x-ndjson"]);
  if (accepted === false) {
    const detail = `Accept ${JSON.stringify(request.get("Accept")?.slice(0, 100))}: expected application/json, text/csv or application/x-ndjson`;
    throw new HttpProblem(406, "not_acceptable", detail);
  }
  return accepted === "text/csv" ? "csv" : accepted === "application/json" ? "json" : "ndjson";
}

function refuseForExport({ points, mode, level }: Query<"points" | "mode" | "level">): void {
  const wrong = Object.entries({ points, mode, level }).flatMap(([parameter, value]) =>
    value === undefined || value === "raw"
      ? []
      : [{ parameter, value: String(value), expected: "nothing: csv and ndjson have every reading" }],
  );
  if (wrong.length > 0) throw badParameters(wrong);
}

/** `20270131T120000Z`: ISO 8601 without what file names cannot have. */
function stamp(ms: number): string {
  return new Date(ms).toISOString().replace(/[-:]|\.\d+/g, "");
}

/** For a cursor that was changed, or is of another query: a page that is not there. */
function cursorProblem(after: string | undefined): (error: unknown) => never {
  return (error) => {
    if (after === undefined || !(error instanceof Error && "code" in error && error.code === "query"))
      throw error;
    throw badParameters([{ parameter: "after", value: after, expected: PARAMETERS.after.expected }]);
  };
}

/** RFC 9110 §13.1.1: undefined for `*`, which is whatever is there. */
function ifMatch(request: Request): number | undefined {
  const given = request.get("If-Match");
  if (given === undefined) {
    const detail = "say which version is replaced: If-Match with the ETag that GET answered";
    throw new HttpProblem(428, "if_match_required", detail);
  }
  if (given.trim() === "*") return undefined;
  const version = /^"(\d{1,15})"$/.exec(given.trim())?.[1];
  // Not an ETag of ours, so not the version that is there.
  return version === undefined ? -1 : Number(version);
}
