import { HttpProblem } from "@fieldmesh/runtime";
import { z } from "zod";
import type { SeedReading } from "./seed-data.js";

export interface ReadPlan {
  limit: number;
  /** ms since the epoch: the first ones from then on; without it the newest. */
  from?: number | undefined;
  to?: number | undefined;
}

/** Reads of the historian what it keeps of a stream. */
export interface HistorianReader {
  /** In order of time. @throws HttpProblem 404 when nothing is kept of it, 503 when the historian is away */
  read(stream: string, plan: ReadPlan): Promise<SeedReading[]>;
}

export interface HistorianReaderOptions {
  /** `HISTORIAN_URL`. */
  url: URL | undefined;
  /** Shown to the historian: who may read was decided here, and keys of this registry are unknown there. */
  token: string | undefined;
}

const ANSWER_MS = 20_000;
const RETRY_SECONDS = 5;
/** How far back the newest are looked for, in times of what their mean interval lets expect. */
const SPANS = [2, 20, 2_000];
const LATEST = 8_000_000_000_000; // ms since the epoch

const extent = z.object({ readings: z.number(), from: z.number().optional(), to: z.number().optional() });
const row = z.object({
  at: z.number(),
  value: z.union([z.number(), z.boolean(), z.null()]),
  unit: z.string(),
  quality: z.enum(["uncertain", "bad"]).optional(),
  reason: z.string().optional(),
});

export function createHistorianReader({ url, token }: HistorianReaderOptions): HistorianReader {
  const ask = async (stream: string, path: string, signal: AbortSignal): Promise<Response> => {
    if (url === undefined) {
      throw unavailable("the data is with the historian, and HISTORIAN_URL does not say where that is");
    }
    const address = new URL(`api/history/streams/${encodeURIComponent(stream)}${path}`, withSlash(url));
    const headers: Record<string, string> = token === undefined ? {} : { Authorization: `Bearer ${token}` };
    const answer = await fetch(address, { headers, signal, redirect: "error" }).catch((cause: unknown) => {
      throw unavailable("the historian cannot be reached", cause);
    });
    if (answer.ok) return answer;
    await answer.body?.cancel();
    if (answer.status === 404) {
      throw new HttpProblem(404, "not_found", `the historian keeps nothing of the stream ${stream}`);
    }
    const isRefused = answer.status === 401 || answer.status === 403;
    const hint = isRefused ? ": give both the same SERVICE_TOKEN" : "";
    throw unavailable(`the historian answered ${answer.status}${hint}`);
  };

  /** The first or the last ones of a range. */
  const rows = async (
    stream: string,
    { from, to, limit, last }: { from: number; to: number; limit: number; last: boolean },
  ): Promise<SeedReading[]> => {
    const found: SeedReading[] = [];
    if (from >= to) return found;
    const stop = new AbortController();
    const signal = AbortSignal.any([stop.signal, AbortSignal.timeout(ANSWER_MS)]);
    const answer = await ask(stream, `/readings?from=${from}&to=${to}&format=ndjson`, signal);
    try {
      for await (const line of linesOf(answer)) {
        found.push(toReading(line));
        if (!last && found.length >= limit) break;
        if (found.length >= 2 * limit) found.splice(0, found.length - limit);
      }
    } catch (cause) {
      if (cause instanceof HttpProblem) throw cause;
      throw unavailable("the historian's answer broke off", cause);
    } finally {
      stop.abort();
    }
    return last ? found.slice(-limit) : found;
  };

  return {
    async read(stream, { limit, from, to = LATEST }) {
      if (from !== undefined) return rows(stream, { from, to, limit, last: false });
      const answer = await ask(stream, "", AbortSignal.timeout(ANSWER_MS));
      const body: unknown = await answer.json().catch((cause: unknown) => {
        throw unavailable("the historian's answer broke off", cause);
      });
      const known = extent.safeParse(body);
      const { readings, from: first = 0, to: newest = 0 } = known.data ?? { readings: 0 };
      if (readings === 0) return [];
      const end = Math.min(to, newest + 1);
      const intervalMs = Math.max(1, (newest - first) / readings);
      for (const span of SPANS) {
        const start = Math.max(first, Math.floor(end - intervalMs * limit * span));
        const found = await rows(stream, { from: start, to: end, limit, last: true });
        if (found.length >= limit || start === first) return found;
      }
      return rows(stream, { from: first, to: end, limit, last: true });
    },
  };
}

/** Lines of a body, whatever its chunks. */
async function* linesOf(answer: Response): AsyncGenerator<string> {
  if (answer.body === null) return;
  let rest = "";
  const decoder = new TextDecoder();
  for await (const chunk of answer.body as AsyncIterable<Uint8Array>) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    yield* lines.filter((line) => line !== "");
  }
  if (rest !== "") yield rest;
}

function toReading(line: string): SeedReading {
  const { at, value, unit, quality = "good", reason } = row.parse(JSON.parse(line));
  return {
    timestamp: new Date(at).toISOString(),
    value,
    unit,
    quality,
    ...(reason === undefined ? {} : { reason }),
  };
}

function withSlash(url: URL): string {
  return url.href.endsWith("/") ? url.href : `${url.href}/`;
}

function unavailable(detail: string, cause?: unknown): HttpProblem {
  const extras = { headers: { "Retry-After": String(RETRY_SECONDS) } };
  return new HttpProblem(503, "historian_away", detail, extras, { cause });
}
