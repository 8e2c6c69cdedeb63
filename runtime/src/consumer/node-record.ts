import {
  type Birth,
  compareStatus,
  medianInterval,
  type Presence,
  presence,
  type Reading,
  type Stats,
  type Status,
  type Stream,
  StreamLedger,
  streamName,
} from "@fieldmesh/protocol";
import { type ClockOffset, OffsetFilter } from "./clock-offset.js";

/** Arrivals kept of a stream without accounting, for its median interval. */
const ARRIVALS = 32;

/** One stream as a consumer knows it. */
export class StreamRecord {
  readonly stream: Stream;
  readonly name: string;
  ledger: StreamLedger;
  /** False for the forms without boot and seq: their ledger stays empty. */
  accounted = false;
  /** When its newest reading arrived, ms; `null` when none did. */
  lastAt: number | null = null;
  /** The newest reading by (`boot`,`seq`). */
  latest: Reading | undefined;
  #arrivals: number[] = [];

  constructor(stream: Stream, ledger = new StreamLedger()) {
    this.stream = stream;
    this.name = streamName(stream);
    this.ledger = ledger;
  }

  /** Takes note of an arrival that is no duplicate. */
  arrived(reading: Reading, at: number): void {
    if (reading.backfill !== true) this.lastAt = at;
    const { latest } = this;
    const newer =
      latest === undefined ||
      reading.boot > latest.boot ||
      (reading.boot === latest.boot && reading.seq > latest.seq);
    if (newer) this.latest = reading;
    if (!this.accounted) this.#arrivals = [...this.#arrivals, at].slice(-ARRIVALS);
  }

  /** Median time between the arrivals of a stream that declares no interval, ms. */
  get medianIntervalMs(): number | undefined {
    return medianInterval(this.#arrivals);
  }
}

/** One node as a consumer knows it. */
export class NodeRecord {
  readonly domain: string;
  readonly node: string;
  birth: Birth | null = null;
  status: Status | null = null;
  stats: Stats | null = null;
  statusAt: number | null = null;
  /** When anything that was not retained last came from it, ms. */
  lastHeardAt: number | null = null;
  /** Index of the broker's link on which the node speaks. */
  link: number;
  presence: Presence;
  /** By sensor id. A Map, as a sensor may be called `constructor`. */
  readonly streams = new Map<string, StreamRecord>();
  readonly #offset = new OffsetFilter();
  clockOffset: ClockOffset | undefined;

  constructor(domain: string, node: string, link: number, now: number) {
    this.domain = domain;
    this.node = node;
    this.link = link;
    this.presence = { presence: "unknown", since: now };
  }

  /** Bare publishers and the older forms have no birth. */
  get legacy(): boolean {
    return this.birth === null;
  }

  /** False when the status is older than the one held, as the will of a replaced connection is. */
  takeStatus(status: Status, now: number): boolean {
    const held = this.status;
    if (held !== null && compareStatus(status, held) < 0) return false;
    const same = held !== null && compareStatus(status, held) === 0 && held.state === status.state;
    this.status = status;
    if (!same) this.statusAt = now;
    return true;
  }

  /** False when these stats are older than those held: of an earlier boot, or an old copy that was retained. */
  takeStats(stats: Stats, retained: boolean): boolean {
    const held = this.stats;
    if (held !== null && stats.boot < held.boot) return false;
    if (held !== null && retained && stats.boot === held.boot && stats.timestamp < held.timestamp)
      return false;
    this.stats = stats;
    return true;
  }

  /** Measures the clock; answers the estimate with the sample in it. */
  takeExchange(exchange: Parameters<OffsetFilter["add"]>[0]): ClockOffset {
    this.clockOffset = this.#offset.add(exchange);
    return this.clockOffset;
  }

  /** Derives presence anew; true when it changed. */
  judge(listeningSince: number | null, now: number): boolean {
    const { birth, status, stats, statusAt, lastHeardAt } = this;
    const judged = presence({ birth, status, stats, statusAt, lastHeardAt, listeningSince, now });
    if (judged.presence === this.presence.presence) {
      // The time of a silence or of words unheard moves with the clock: it began once.
      if (judged.presence === "online" || judged.presence === "offline") this.presence = judged;
      return false;
    }
    this.presence = judged;
    return true;
  }
}
