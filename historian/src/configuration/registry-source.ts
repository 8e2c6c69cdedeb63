import type { Log } from "@fieldmesh/runtime";

const EVERY_MS = 15_000;
/** After a failure at first so soon, ms: a registry that was started anew is back in a moment. */
const RETRY_MS = 1_000;
const TIMEOUT_MS = 10_000;
/** The registry keeps a request that has the newest document until there is another, at most so long. */
const HOLD_MS = 25_000;
/** A registry that answers at once is not asked again before this, however often it changes. */
const PAUSE_MS = 100;
/** Of some ten thousand streams, each with its readers. */
const MAX_BYTES = 33_554_432;

export interface RegistrySourceOptions {
  /** Of the registry; the document is at `historian/configuration` below it. */
  url: URL;
  /** What the registry is shown; undefined where it lets in whoever is at its machine. */
  token?: string | undefined;
  /** Of the document that is kept. */
  etag: string | undefined;
  /** Takes a document; answers why not, if not. */
  take: (document: unknown, etag: string | undefined) => Promise<string | undefined>;
  log: Log;
  fetch?: typeof fetch;
  everyMs?: number;
}

/**
 * Fetches the configuration from the registry again and again, the whole of it only when it has changed. A registry
 * that can is asked to wait with its answer until then: what it takes back ends here within a second.
 */
export class RegistrySource {
  readonly #options: RegistrySourceOptions;
  #etag: string | undefined;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> = Promise.resolve();
  readonly #abort = new AbortController();
  #failures = 0;
  /** The registry waited with its answer, as it was asked to. */
  #waits = false;
  /** Told once, not at each try. */
  #told: string | undefined;

  constructor(options: RegistrySourceOptions) {
    this.#options = options;
    this.#etag = options.etag;
  }

  /** Why the newest document is not in force; `undefined` when it is. */
  get problem(): string | undefined {
    return this.#told;
  }

  start(): void {
    this.#running = this.#run();
  }

  async close(): Promise<void> {
    this.#abort.abort();
    clearTimeout(this.#timer);
    await this.#running;
  }

  async #run(): Promise<void> {
    const problem = await this.#fetch().catch((error: unknown) => {
      this.#waits = false;
      this.#failures++;
      return `the registry is away: ${error instanceof Error ? error.message : String(error)}`;
    });
    if (this.#abort.signal.aborted) return;
    if (problem === undefined) {
      this.#failures = 0;
      if (this.#told !== undefined) this.#options.log.info("the configuration is the registry's again");
    } else if (problem !== this.#told) {
      const { href } = this.#options.url;
      this.#options.log.warn({ registry: href, problem }, "the last known configuration goes on to hold");
    }
    this.#told = problem;
    // Historians that were started together do not ask together.
    this.#timer = setTimeout(() => this.start(), this.#pauseMs(problem) * (0.75 + Math.random() / 2));
    this.#timer.unref();
  }

  #pauseMs(problem: string | undefined): number {
    const everyMs = this.#options.everyMs ?? EVERY_MS;
    if (this.#failures > 0) return Math.min(everyMs, RETRY_MS * 2 ** Math.min(this.#failures - 1, 10));
    // A document that is refused is there at once, each time.
    return this.#waits && problem === undefined ? Math.min(everyMs, PAUSE_MS) : everyMs;
  }

  /** Answers why nothing was taken, if that is somebody's fault. */
  async #fetch(): Promise<string | undefined> {
    const { url, token, take, fetch: ask = fetch } = this.#options;
    const address = new URL("historian/configuration", url.href.endsWith("/") ? url : `${url.href}/`);
    const response = await ask(address, {
      headers: {
        Accept: "application/json",
        Prefer: `wait=${HOLD_MS / 1_000}`,
        ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }),
        ...(this.#etag === undefined ? {} : { "If-None-Match": this.#etag }),
      },
      redirect: "error",
      signal: AbortSignal.any([this.#abort.signal, AbortSignal.timeout(HOLD_MS + TIMEOUT_MS)]),
    });
    this.#waits = response.headers.has("Preference-Applied");
    if (response.status === 304) {
      await response.body?.cancel();
      return undefined;
    }
    if (!response.ok) {
      await response.body?.cancel();
      if (response.status !== 404) throw new Error(`it answered ${response.status}`);
      return "the registry has no configuration for historians";
    }
    const text = await textOf(response);
    let document: unknown;
    try {
      document = JSON.parse(text);
    } catch {
      return "the registry's configuration is not JSON";
    }
    const etag = response.headers.get("etag") ?? undefined;
    const refused = await take(document, etag);
    if (refused === undefined) this.#etag = etag;
    return refused;
  }
}

async function textOf(response: Response): Promise<string> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let text = "";
  let bytes = 0;
  if (Number(response.headers.get("Content-Length") ?? 0) > MAX_BYTES) {
    await response.body?.cancel();
    throw tooLong();
  }
  for await (const chunk of response.body ?? []) {
    const some = chunk as Uint8Array;
    bytes += some.byteLength;
    if (bytes > MAX_BYTES) throw tooLong();
    text += decoder.decode(some, { stream: true });
  }
  return text + decoder.decode();
}

function tooLong(): Error {
  return new Error(`its answer is longer than ${MAX_BYTES} bytes`);
}
