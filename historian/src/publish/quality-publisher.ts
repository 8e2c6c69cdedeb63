import { buildTopic, encodeQuality, type QualityReport } from "@fieldmesh/protocol";
import type { Log } from "@fieldmesh/runtime";
import type { Configuration } from "../configuration/configuration.js";
import type { Measurement } from "../measure/measurement.js";
import type { Objectives } from "../objectives/objectives.js";
import type { Publish } from "../objectives/promise-alarms.js";
import { Rounds } from "../objectives/rounds.js";
import { fingerprint, stateOf } from "./fingerprint.js";

export interface QualityPublisherOptions {
  measurement: Pick<Measurement, "report" | "streams">;
  objectives: Pick<Objectives, "report" | "onState">;
  configuration: Pick<Configuration, "current" | "contract">;
  publish: Publish;
  log: Log;
}

/** What was published of a stream. */
interface Published {
  /** When it was looked at last, ms. */
  at: number;
  /** When it was published, ms. */
  told: number;
  state: string;
  fingerprint: string;
}

/** What was published did not get through, or is lost. */
const UNTOLD: Published = { at: 0, told: 0, state: "", fingerprint: "" };

/** A stream is told of at most so often while its state does not change… */
const EVERY_MS = 10_000;
/** …and at least so often though nothing changes: what nobody repeats for longer is not measured any more. */
const AGAIN_MS = 120_000;
/** …and all streams together at most so often in a second: of more than 2,000 each waits longer. */
const MAX_PER_TICK = 200;
/** On their way to the broker at once. */
const MAX_INFLIGHT = 500;

/** Publishes what was measured of every stream, retained. */
export class QualityPublisher {
  readonly #options: QualityPublisherOptions;
  readonly #rounds = new Rounds();
  readonly #published = new Map<string, Published>();
  /** Their state changed, or they are gone. */
  readonly #urgent = new Set<string>();
  readonly #unsubscribe: () => void;
  #inflight = 0;

  constructor(options: QualityPublisherOptions) {
    this.#options = options;
    this.#unsubscribe = options.objectives.onState((stream) => this.#urgent.add(stream));
  }

  /** The whole report of a stream; `undefined` when it is not measured. */
  report(stream: string, now: number): QualityReport | undefined {
    const { measurement, objectives, configuration } = this.#options;
    const measured = measurement.report(stream, now);
    if (measured === undefined) return undefined;
    const { withinMs } = measured.freshness;
    const promises = objectives
      .report(stream, now)
      .map((one) => (one.measure === "availability" ? { ...one, withinMs } : one));
    const { product, productVersion } = configuration.contract(stream);
    return {
      ...measured,
      objectives: promises,
      configuration: configuration.current.version,
      ...(product === undefined ? {} : { product }),
      ...(productVersion === undefined ? {} : { productVersion }),
    };
  }

  /** A broker's link came: what it kept may be lost. All are published again, little by little. */
  connected(): void {
    for (const published of this.#published.values()) Object.assign(published, UNTOLD);
  }

  /** To be called each second. */
  tick(now: number): void {
    let left = Math.min(MAX_PER_TICK, MAX_INFLIGHT - this.#inflight);
    for (const stream of this.#urgent) {
      if (left <= 0) return;
      this.#urgent.delete(stream);
      if (this.#tell(stream, now, true)) left--;
    }
    const round = this.#rounds.next(() => [...this.#options.measurement.streams()]);
    if (round.begins) this.#forgetOthers(new Set(round.all));
    for (const [turn, stream] of round.streams.entries()) {
      if (left <= 0) {
        this.#rounds.putBack(round.streams.length - turn);
        return;
      }
      if (this.#tell(stream, now, false)) left--;
    }
  }

  close(): void {
    this.#unsubscribe();
  }

  /** Answers whether anything was published. */
  #tell(stream: string, now: number, urgent: boolean): boolean {
    const before = this.#published.get(stream);
    const report = this.report(stream, now);
    if (report === undefined) {
      if (before === undefined) return false;
      this.#published.delete(stream);
      this.#publish(stream, "");
      return true;
    }
    const state = stateOf(report);
    // The clock may have been set, in either direction.
    const waited = before === undefined || Math.abs(now - before.at) >= EVERY_MS;
    const isDue = waited || urgent || state !== before.state;
    if (!isDue) return false;
    const print = fingerprint(report);
    if (print === before?.fingerprint && Math.abs(now - before.told) < AGAIN_MS) {
      before.at = now; // looked at, and nothing new
      return false;
    }
    this.#published.set(stream, { at: now, told: now, state, fingerprint: print });
    this.#publish(stream, encodeQuality(report));
    return true;
  }

  #forgetOthers(streams: ReadonlySet<string>): void {
    for (const stream of this.#published.keys()) if (!streams.has(stream)) this.#urgent.add(stream);
  }

  #publish(stream: string, payload: string): void {
    const topic = buildTopic({ kind: "quality", stream });
    this.#inflight++;
    this.#options
      .publish(topic, payload, { qos: 1, retain: true })
      .catch((error: unknown) => {
        // No connection: when there is one, all are published again.
        this.#published.set(stream, { ...UNTOLD });
        this.#options.log.debug({ err: error, stream }, "what was measured was not published");
      })
      .finally(() => {
        this.#inflight--;
      });
  }
}

export function createQualityPublisher(options: QualityPublisherOptions): QualityPublisher {
  return new QualityPublisher(options);
}
