import type { Show } from "@fieldmesh/protocol";

/** Longest stream name: three names of 32 and two underscores. */
const STREAM_NAME = /^[a-z0-9][a-z0-9-]{0,31}_[a-z0-9][a-z0-9-]{0,31}_[a-z0-9][a-z0-9-]{0,31}$/;
/** Longer lists are refused as a whole before any entry is looked at. */
const MAX_ENTRIES = 5_000;

/** Takes what a browser sent as a {@link Show}; undefined when it is not one. */
export function parseShow(payload: unknown): Show | undefined {
  if (typeof payload !== "object" || payload === null || !("streams" in payload)) return undefined;
  const { streams } = payload;
  if (!Array.isArray(streams) || streams.length > MAX_ENTRIES) return undefined;
  const parsed: Show["streams"] = [];
  for (const entry of streams as unknown[]) {
    if (typeof entry !== "object" || entry === null || !("name" in entry)) return undefined;
    const { name } = entry;
    if (typeof name !== "string" || !STREAM_NAME.test(name)) return undefined;
    const n = "n" in entry ? entry.n : undefined;
    if (n === undefined) parsed.push({ name });
    else if (typeof n === "number" && Number.isSafeInteger(n) && n >= 0) parsed.push({ name, n });
    else return undefined;
  }
  return { streams: parsed };
}
