import { HttpProblem, type Log } from "@fieldmesh/runtime";
import type { AccessEvent } from "./access-reporter.js";
import { type AccessRules, mayRead, type Reader, type ReadVerdict } from "./access-rules.js";

export interface ReadGuardOptions {
  rules: () => AccessRules;
  /** Called when they change. Returns what ends it. */
  onChange: (listener: () => void) => () => void;
  /** Of which data product a stream is. */
  productOf: (stream: string) => string | undefined;
  /** Tells the registry; undefined where there is none. */
  record?: ((event: AccessEvent) => void) | undefined;
  /** ms since the epoch. */
  clock: () => number;
  log: Log;
}

/** Longest timer that Node.js keeps. */
const MAX_TIMER_MS = 2_147_483_647;

/** Stands before everything that is read of a stream: this port can be called by anybody who can reach it. */
export class ReadGuard {
  readonly #options: ReadGuardOptions;

  constructor(options: ReadGuardOptions) {
    this.#options = options;
  }

  judge(reader: Reader, stream: string): ReadVerdict {
    const { rules, clock } = this.#options;
    return mayRead(rules(), stream, reader, clock());
  }

  /**
   * @param what is done, in a word: `read`, `export`, `import`
   * @throws HttpProblem 403 that says of which data product it is and what to do; 404, as of a stream that is not there,
   * where they may not even know of it
   */
  check(reader: Reader, stream: string, what: string): void {
    const verdict = this.judge(reader, stream);
    this.#record(reader, stream, what, verdict);
    if (verdict.allowed) return;
    throw isHidden(verdict, reader) ? streamUnknown(stream) : problemOf(verdict);
  }

  /** As {@link check}, where a stream that is not there is no error: true when this one is to look like that. */
  hides(reader: Reader, stream: string, what: string): boolean {
    const verdict = this.judge(reader, stream);
    if (verdict.allowed || !isHidden(verdict, reader)) {
      this.check(reader, stream, what);
      return false;
    }
    this.#record(reader, stream, what, verdict);
    return true;
  }

  /**
   * Of what is not of one stream: lists leave out what may not be read.
   * @throws HttpProblem 403 while nobody knows who may read what
   */
  checkKnown(reader: Reader): void {
    const verdict = this.judge(reader, "");
    if (!verdict.allowed && verdict.code === "access_unknown") throw problemOf(verdict);
  }

  /** Whether somebody may know that there is such a stream: of a private product others do not. */
  isListed(reader: Reader, stream: string): boolean {
    const verdict = this.judge(reader, stream);
    return verdict.allowed || (verdict.readers !== undefined && verdict.readers.visibility !== "private");
  }

  /**
   * Calls `onEnded` once when somebody may read it no longer: it was taken back, or its time is over.
   * @returns ends the watch
   */
  watch(reader: Reader, stream: string, what: string, onEnded: () => void): () => void {
    const { clock, onChange } = this.#options;
    let timer: NodeJS.Timeout | undefined;
    const look = (): void => {
      clearTimeout(timer);
      const verdict = this.judge(reader, stream);
      if (!verdict.allowed) {
        stop();
        this.#record(reader, stream, what, verdict);
        onEnded();
      } else if (verdict.until !== undefined) {
        timer = setTimeout(look, Math.min(MAX_TIMER_MS, Math.max(1, verdict.until - clock()))).unref();
      }
    };
    const unsubscribe = onChange(look);
    const stop = (): void => {
      clearTimeout(timer);
      unsubscribe();
    };
    look();
    return stop;
  }

  #record({ name }: Reader, stream: string, what: string, verdict: ReadVerdict): void {
    const { productOf, record, log } = this.#options;
    const product = (verdict.allowed ? undefined : verdict.readers?.product) ?? productOf(stream);
    const reason = verdict.allowed ? `${what} of ${stream}` : verdict.detail;
    if (!verdict.allowed) log.info({ who: name, what, stream, product, reason }, "a read was refused");
    if (product !== undefined) record?.({ who: name, what, product, allowed: verdict.allowed, reason });
  }
}

/** Whose grant has ended knows that it is there. */
function isHidden({ readers }: Exclude<ReadVerdict, { allowed: true }>, { name }: Reader): boolean {
  return readers?.visibility === "private" && !Object.hasOwn(readers.consumers, name);
}

/** The answer to who asks for a stream that is not there, or that is not to be known of. */
export function streamUnknown(name: string): HttpProblem {
  return new HttpProblem(404, "stream_unknown", `there is no stream ${JSON.stringify(name.slice(0, 100))}`);
}

function problemOf({ code, detail, readers }: Exclude<ReadVerdict, { allowed: true }>): HttpProblem {
  const { product, version } = readers ?? {};
  const of =
    product === undefined ? {} : { product, ...(version === undefined ? {} : { productVersion: version }) };
  return new HttpProblem(403, code, detail, { members: of });
}
