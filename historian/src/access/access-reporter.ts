import type { Log } from "@fieldmesh/runtime";

/** What somebody did with a data product, or was refused. */
export interface AccessEvent {
  who: string;
  what: string;
  product: string;
  allowed: boolean;
  reason: string;
}

export interface AccessCounts {
  /** Handed over to the registry's log. */
  reported: number;
  /** Too many waited, or the registry refused them. */
  dropped: number;
}

export interface AccessReporterOptions {
  /** Of the registry; the log is at `access-log` below it. */
  url: URL;
  /** What it is shown. */
  token?: string | undefined;
  /** ms since the epoch. */
  clock: () => number;
  log: Log;
  fetch?: typeof fetch;
  everyMs?: number;
  maxWaiting?: number;
}

interface Waiting extends AccessEvent {
  at: number;
  count: number;
}

const EVERY_MS = 5_000;
const TIMEOUT_MS = 10_000;
const CLOSE_MS = 1_000;
/** Of one request; what the registry takes. */
const AT_ONCE = 1_000;
/** Different ones while the registry is away; the same again only counts. */
const MAX_WAITING = 10_000;
const MAX_REASON_CHARS = 500;

/**
 * Tells the registry's access log who read what and who was refused. The same again is one entry with a count. When
 * too many wait, reads go before refusals do.
 */
export class AccessReporter {
  readonly #options: AccessReporterOptions;
  readonly #maxWaiting: number;
  readonly #waiting = new Map<string, Waiting>();
  readonly #counts: AccessCounts = { reported: 0, dropped: 0 };
  #timer: NodeJS.Timeout | undefined;
  #sending: Promise<void> | undefined;
  #failing = false;

  constructor(options: AccessReporterOptions) {
    this.#options = options;
    this.#maxWaiting = options.maxWaiting ?? MAX_WAITING;
  }

  start(): void {
    this.#timer = setInterval(() => void this.flush(), this.#options.everyMs ?? EVERY_MS);
    this.#timer.unref();
  }

  /** Hands over what waits, if the registry is there. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#sending;
    await this.#send(CLOSE_MS);
  }

  get counts(): Readonly<AccessCounts> {
    return this.#counts;
  }

  record(event: AccessEvent): void {
    const reason = event.reason.slice(0, MAX_REASON_CHARS);
    this.#add({ ...event, reason, at: this.#options.clock(), count: 1 });
  }

  /** Never rejects. */
  flush(): Promise<void> {
    this.#sending ??= this.#send(TIMEOUT_MS).finally(() => {
      this.#sending = undefined;
    });
    return this.#sending;
  }

  #add(entry: Waiting): void {
    const key = [entry.who, entry.what, entry.product, entry.allowed, entry.reason].join("\n");
    const known = this.#waiting.get(key);
    if (known !== undefined) {
      known.count += entry.count;
      return;
    }
    if (this.#waiting.size >= this.#maxWaiting && !this.#makeRoom(entry.allowed)) {
      this.#counts.dropped += entry.count;
      return;
    }
    this.#waiting.set(key, entry);
  }

  /** Gives the oldest read up for a refusal. */
  #makeRoom(isRead: boolean): boolean {
    if (isRead) return false;
    for (const [key, { allowed, count }] of this.#waiting) {
      if (!allowed) continue;
      this.#waiting.delete(key);
      this.#counts.dropped += count;
      return true;
    }
    return false;
  }

  async #send(timeoutMs: number): Promise<void> {
    const some = [...this.#waiting].slice(0, AT_ONCE);
    if (some.length === 0) return;
    for (const [key] of some) this.#waiting.delete(key);
    const entries = some.map(([, entry]) => entry);
    const sum = entries.reduce((total, { count }) => total + count, 0);
    try {
      const status = await this.#post(entries, timeoutMs);
      if (status < 300) this.#counts.reported += sum;
      else if (status >= 500 || status === 429 || status === 401 || status === 403) {
        throw new Error(`the registry answered ${status}`);
      } else {
        this.#counts.dropped += sum;
        this.#options.log.error(
          { status, entries: entries.length },
          "the registry's access log refused a report",
        );
      }
      if (this.#failing) this.#options.log.info("the registry's access log is told again");
      this.#failing = false;
    } catch (error) {
      for (const entry of entries) this.#add(entry);
      if (!this.#failing)
        this.#options.log.warn({ err: error }, "the registry's access log is not told: kept for later");
      this.#failing = true;
    }
  }

  async #post(entries: readonly Waiting[], timeoutMs: number): Promise<number> {
    const { url, token, fetch: ask = fetch } = this.#options;
    const address = new URL("access-log", url.href.endsWith("/") ? url : `${url.href}/`);
    const response = await ask(address, {
      method: "POST",
      headers: {
        "Content-Type": "application/json",
        ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }),
      },
      body: JSON.stringify({ entries: entries.map((entry) => ({ ...entry, via: "historian" })) }),
      redirect: "error",
      signal: AbortSignal.timeout(timeoutMs),
    });
    await response.body?.cancel();
    return response.status;
  }
}
