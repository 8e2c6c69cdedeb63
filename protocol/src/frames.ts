import type { Ack, AlarmEvent, BirthSensor, Quality, SensorState } from "./messages.js";

/**
 * What the dashboard's server and the browser say to one another. Reads and live data go over one Socket.IO
 * connection; everything that changes something is an HTTP request under `/api` (see {@link HttpApi}).
 *
 * The server keeps one window per stream. Each entry of it has an index `n` that grows by one per entry and
 * never repeats while the server's `epoch` lasts. A browser says which streams it shows; for each the server
 * keeps a cursor into the shared window and sends what is behind it in frames. A frame is only sent when the
 * browser has acknowledged the one before: a slow browser gets fewer and larger frames, never a queue.
 */

/** Columns of window entries, index `i` is one reading. Entries are in order of arrival at the server. */
export interface Columns {
  /** Index in the window of the first entry; the others follow without holes. */
  n: number;
  /** Node time with its clock offset taken out, ms. Backfilled entries may be older than those before them. */
  t: number[];
  /** Booleans as 0 and 1; `null` where quality is bad. */
  v: (number | null)[];
  boot: number[];
  seq: number[];
  /** Only entries that are not good: [i, quality, reason]. */
  q: [i: number, quality: Quality, reason: string][];
}

export interface StreamFrame extends Columns {
  /** The browser's cursor was outside the window (first frame, or it was overtaken): forget what you had. */
  reset: boolean;
  /** Index of the oldest entry that is still in the window: drop everything below. */
  oldest: number;
  /** The count of readings cut the window before its time did. */
  cut: boolean;
}

export interface Frame {
  /** The server's clock when the frame was made, ms. */
  at: number;
  streams: Record<string, StreamFrame>;
}

/** A stream shown by name; `n` continues from an index already held (after a reconnect within one epoch). */
export interface Show {
  streams: { name: string; n?: number }[];
}

export type Role = "viewer" | "operator" | "admin";

export interface Hello {
  /** Changes when the server lost its indices (a restart): cursors of another epoch are void. */
  epoch: string;
  version: string;
  user: { name: string; role: Role } | null;
  now: number;
  windowMs: number;
  maxReadings: number;
  frameMs: number;
  /** Addresses of the brokers and whether each is connected. */
  brokers: { url: string; connected: boolean; since: number }[];
  /** Whether this dashboard knows a historian: without one, `/api/history` is 404 `no_historian`. */
  history?: boolean;
  /** Whether it knows a registry: without one, `/api/mesh` is 404 `no_registry`. */
  mesh?: boolean;
}

/** `unknown`: only its readings are known; `silent`: online by status, but nothing came for too long. */
export type NodePresence = "online" | "silent" | "offline" | "unknown";

export interface SensorView extends Omit<BirthSensor, "overrides"> {
  /** `{domain}_{node}_{sensor}`. */
  stream: string;
  state: SensorState;
  reason?: string;
  restarts?: number;
  overrides?: BirthSensor["overrides"];
  /** Newest good value, ms of node time corrected; absent until there is one. */
  latest?: { v: number; t: number; quality?: Quality };
  /** Nothing came for longer than interval and maximum silence allow. */
  stale: boolean;
  /** The terms of the identity as this dashboard counts them, of the current boot. */
  account?: { stored: number; dropped: number; held: number; unknown: number; lastSeq: number };
}

export interface NodeView {
  domain: string;
  node: string;
  label?: string;
  presence: NodePresence;
  /** Since when it is in this presence, ms. */
  since: number;
  reason?: string;
  version?: string;
  host?: string;
  boot?: number;
  startedAt?: number;
  /** Node clock minus server clock, ms, where it was measured. */
  clockOffsetMs?: number;
  /** Has no birth: bare publishers and the older forms. */
  legacy: boolean;
  /** Its log on disk, as its last stats say: bytes, and the time of the oldest entry. */
  log?: { bytes: number; oldest: number | null };
  sensors: SensorView[];
}

/** Whole state of the catalogue; afterwards only the nodes that changed. `null` = removed. */
export interface Catalogue {
  full: boolean;
  /** Key `{domain}/{node}`. */
  nodes: Record<string, NodeView | null>;
}

/** The present state of one alarm, or a past one in the history. */
export interface AlarmView {
  /** `{stream}/{rule}`; for a node that is offline or silent `{domain}_{node}_node/{presence}`. */
  key: string;
  domain: string;
  event: AlarmEvent;
  ack?: Ack;
  /** Why it ended otherwise than by being cleared: `expired` (older form), `removed` (node retired). */
  ended?: "expired" | "removed";
  /** When it was cleared or ended, ms. */
  endedAt?: number;
}

export interface Alarms {
  full: boolean;
  /** Standing alarms by key; `null` = no longer standing. */
  standing: Record<string, AlarmView | null>;
  /**
   * Newest first; with `full` the newest 500, else those that are new or were corrected (an event that was
   * overtaken came late): one with the same key, boot and seq takes the place of the one held.
   */
  history: AlarmView[];
}

/** What was received and not taken, by topic and cause (bounded), and what the server itself dropped. */
export interface Dropped {
  total: number;
  byCause: Record<string, number>;
  /** The latest: newest first, at most 100. */
  recent: { topic: string; cause: string; detail: string; count: number; at: number }[];
  channels: ChannelView[];
}

/** A notification channel as the page may see it: never its secrets. */
export interface ChannelView {
  name: string;
  kind: "webhook" | "ntfy" | "email";
  minSeverity: string;
  sent: number;
  failed: number;
  pending: number;
  lastError?: { message: string; at: number };
  lastSentAt?: number;
}

export interface ServerToBrowser {
  /** At the connection, and again when a broker was connected or lost. */
  hello: (hello: Hello) => void;
  catalogue: (catalogue: Catalogue) => void;
  alarms: (alarms: Alarms) => void;
  dropped: (dropped: Dropped) => void;
  /** Must be acknowledged; the next frame waits for it. */
  frame: (frame: Frame, ack: () => void) => void;
  /** The session ended: sign in again. */
  "signed-out": () => void;
}

export interface BrowserToServer {
  /** Replaces the whole set of streams shown. */
  show: (show: Show) => void;
}

/**
 * HTTP, JSON in and out, errors as RFC 9457 problem documents. Same origin; sessions by an HttpOnly,
 * SameSite=Strict cookie, or `Authorization: Bearer` with a token.
 *
 * | method and path | body → answer | role |
 * |---|---|---|
 * | GET /api/session | → {user: {name, role} \| null, required: boolean} | – |
 * | POST /api/session | {name, password} → {user} | – |
 * | DELETE /api/session | → 204 | any |
 * | GET /api/state | → {hello, catalogue, alarms, dropped} | viewer |
 * | GET /api/streams/{stream}/window | → StreamFrame | viewer |
 * | POST /api/acks | {key, boot, seq, note?} → Ack | operator |
 * | POST /api/commands | {domain, node, name, args} → Reply's result, or a problem | operator |
 * | DELETE /api/nodes/{domain}/{node} | → {removed: topics[]}, or 409 while it is online | admin |
 * | DELETE /api/nodes/{domain}/{node}/sensors/{sensor} | → {removed: topics[]} | admin |
 * | GET /api/channels | → ChannelView[] | viewer |
 * | POST /api/channels/{name}/test | → {ok: true}, or a problem | admin |
 * | … /api/history/… | passed on to the historian: `history-api.ts` | as there |
 * | … /api/mesh/… | passed on to the registry, there without `/api/mesh` | as there |
 * | GET /healthz | → 200 {status: "ok", …} or 503 | – |
 */
export interface HttpApi {
  /** `domains`: those that are the user's, where there are any. */
  session: { user: { name: string; role: Role; domains?: string[] } | null; required: boolean };
  state: { hello: Hello; catalogue: Catalogue; alarms: Alarms; dropped: Dropped };
}
