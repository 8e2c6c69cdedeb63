/** Fields that every line has or that the prefix already says. */
const PLAIN_FIELDS: ReadonlySet<string> = new Set([
  "level",
  "time",
  "service",
  "pid",
  "msg",
  "hostname",
  "code",
]);
const COLOURS: Record<string, string> = { warn: "33", error: "31", fatal: "31" };
const MAX_CHARS = 2_000;

export interface LineStyle {
  /** Characters of the longest service name, so that messages stand below one another. */
  width: number;
  colour: boolean;
}

/**
 * A service's log line for people: time, service, level when it is not `info`, message, then the other fields as
 * `key=value`. What is no log line (a crash of Node.js itself) is shown as it is.
 */
export function formatLogLine(service: string, line: string, style: LineStyle): string {
  const name = service.padEnd(style.width);
  const event = parseEvent(line);
  if (event === undefined) return `${clock(new Date())} ${name} ${cut(line)}`;
  const { level, time, msg } = event;
  const fields = Object.entries(event)
    .filter(([key]) => !PLAIN_FIELDS.has(key))
    .map(([key, value]) => `${key}=${showField(value)}`);
  const mark = level === "info" || typeof level !== "string" ? "" : `${level.toUpperCase()} `;
  const text = cut([`${mark}${typeof msg === "string" ? msg : ""}`, ...fields].join("  "));
  const shown = `${clock(typeof time === "string" ? new Date(time) : new Date())} ${name} ${text}`;
  const colour = style.colour && typeof level === "string" ? COLOURS[level] : undefined;
  return colour === undefined ? shown : `\u001b[${colour}m${shown}\u001b[0m`;
}

function parseEvent(line: string): Record<string, unknown> | undefined {
  if (!line.startsWith("{")) return undefined;
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

function showField(value: unknown): string {
  if (typeof value === "string") return /^[\x21-\x7e]+$/.test(value) ? value : JSON.stringify(value);
  if (
    typeof value === "object" &&
    value !== null &&
    "message" in value &&
    typeof value.message === "string"
  ) {
    return JSON.stringify(value.message); // an error: its stack is in the line of --json
  }
  return JSON.stringify(value);
}

/** Local time of day; the day is the terminal's business. */
function clock(at: Date): string {
  const valid = Number.isNaN(at.getTime()) ? new Date() : at;
  return valid.toTimeString().slice(0, 8);
}

/** Control characters could rewrite the terminal: a line may hold text from the network. */
function cut(text: string): string {
  const safe = text.replace(/\p{Cc}/gu, " ");
  return safe.length > MAX_CHARS ? `${safe.slice(0, MAX_CHARS)}…` : safe;
}
