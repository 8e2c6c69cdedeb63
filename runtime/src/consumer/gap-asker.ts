import type { Commands } from "@fieldmesh/protocol";
import type { ConsumerClock } from "./clock.js";
import type { NodeRecord, StreamRecord } from "./node-record.js";

interface Gap {
  attempts: number;
  /** Not asked for before, by the monotonic clock, ms. */
  notBefore: number;
}

interface Suspect {
  record: NodeRecord;
  stream: StreamRecord;
  /** By boot and first number. */
  gaps: Map<string, Gap>;
  /** Where the last request ended: what is missing behind it is asked for without another grace. */
  asked?: { boot: number; to: number };
}

/** Gaps of one stream that are looked at in one turn: the oldest ones. */
const MAX_GAPS = 16;
/** Readings asked for at once: a node sends 200 a second again unless it is told otherwise. */
const MAX_READINGS = 2_000;
const FIRST_RETRY_MS = 2_000;
const MAX_RETRY_MS = 60_000;

export type AskResend = (
  record: NodeRecord,
  args: Commands["resend"]["args"],
) => Promise<Commands["resend"]["result"]>;

export interface GapAskerOptions {
  clock: ConsumerClock;
  /** How long a gap may close by itself: what is late, or backfilled anyway. */
  graceMs: number;
  ask: AskResend;
  /** A request came to nothing; it is made again later. */
  onFailed: (record: NodeRecord, error: unknown) => void;
  onAsked?: ((stream: StreamRecord, asked: { boot: number; from: number; to: number }) => void) | undefined;
  /** The answer is in the stream's ledger. */
  onAnswered?:
    | ((stream: StreamRecord, boot: number, answer: Commands["resend"]["result"]) => void)
    | undefined;
}

/**
 * Asks nodes for the readings that are missing and not held. A gap gets a grace; whatever fills it from its
 * beginning makes it a new one, so that nothing is asked for while a backfill runs. One request at a time for
 * each node, and for each gap ever longer waits between them.
 */
export class GapAsker {
  readonly #options: GapAskerOptions;
  /** Streams that may have a gap, by name. */
  readonly #suspects = new Map<string, Suspect>();
  readonly #asking = new Set<NodeRecord>();

  constructor(options: GapAskerOptions) {
    this.#options = options;
  }

  /** Something of the stream changed that may have opened a gap. */
  suspect(record: NodeRecord, stream: StreamRecord): void {
    if (!this.#suspects.has(stream.name))
      this.#suspects.set(stream.name, { record, stream, gaps: new Map() });
  }

  forget(stream: StreamRecord): void {
    this.#suspects.delete(stream.name);
  }

  /** The node is back: it can answer now what it could not before, so waits that grew meanwhile begin anew. */
  retry(record: NodeRecord): void {
    const notBefore = this.#options.clock.monotonic() + this.#options.graceMs;
    for (const suspect of this.#suspects.values()) {
      if (suspect.record !== record) continue;
      for (const gap of suspect.gaps.values()) {
        gap.attempts = 0;
        gap.notBefore = Math.min(gap.notBefore, notBefore);
      }
    }
  }

  /** Looks at the suspects and asks; to be called a few times a second. `reachable`: commands get to the node. */
  tick(reachable: (record: NodeRecord) => boolean): void {
    const now = this.#options.clock.monotonic();
    for (const [name, suspect] of this.#suspects) {
      const open = suspect.stream.ledger.gaps(MAX_GAPS);
      if (open.length === 0) {
        this.#suspects.delete(name);
        continue;
      }
      const gaps = new Map<string, Gap>();
      for (const { boot, from, to } of open) {
        const key = `${boot}:${from}`;
        const goesOn = suspect.asked?.boot === boot && suspect.asked.to + 1 === from;
        const graceMs = goesOn ? 0 : this.#options.graceMs;
        const gap = suspect.gaps.get(key) ?? { attempts: 0, notBefore: now + graceMs };
        gaps.set(key, gap);
        if (now < gap.notBefore || this.#asking.has(suspect.record) || !reachable(suspect.record)) continue;
        const last = Math.min(to, from + MAX_READINGS - 1);
        suspect.asked = { boot, to: last };
        this.#ask(suspect.record, suspect.stream, gap, { boot, from, to: last });
      }
      suspect.gaps = gaps;
    }
  }

  #ask(
    record: NodeRecord,
    stream: StreamRecord,
    gap: Gap,
    { boot, from, to }: { boot: number; from: number; to: number },
  ): void {
    this.#asking.add(record);
    const args = { sensor: stream.stream.sensor, boot, from, to };
    this.#options.onAsked?.(stream, { boot, from, to });
    this.#options
      .ask(record, args)
      .then(
        (result) => {
          stream.ledger.gone(boot, result.gone);
          stream.ledger.held(boot, result.held);
          this.#options.onAnswered?.(stream, boot, result);
        },
        (error: unknown) => this.#options.onFailed(record, error),
      )
      .finally(() => {
        this.#asking.delete(record);
        const waitMs = Math.min(MAX_RETRY_MS, FIRST_RETRY_MS * 2 ** gap.attempts);
        gap.attempts++;
        gap.notBefore = this.#options.clock.monotonic() + waitMs;
      })
      .catch((error: unknown) => this.#options.onFailed(record, error));
  }
}
