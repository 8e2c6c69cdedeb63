import type { Verdict } from "../worker-messages.js";
import type { Conditioned } from "./condition.js";

/**
 * Keeps back readings that say nothing new: within the deadband of the last one sent, of the same quality and
 * with the same verdicts. The silence that this makes is bounded by `maxSilenceMs`.
 */
export class Deadband {
  readonly #width: number | undefined;
  readonly #maxSilenceMs: number;
  #sent: { reading: Conditioned; verdicts: string; atMs: number } | undefined;

  constructor(width: number | undefined, maxSilenceMs: number) {
    this.#width = width;
    this.#maxSilenceMs = maxSilenceMs;
  }

  /** Whether this reading is kept back. One that is not becomes what the next are held against. */
  suppresses(reading: Conditioned, verdicts: Record<string, Verdict>, atMs: number, force = false): boolean {
    const judged = JSON.stringify(verdicts);
    const sent = this.#sent;
    const nothingNew =
      this.#width !== undefined &&
      sent !== undefined &&
      atMs - sent.atMs < this.#maxSilenceMs &&
      sent.reading.quality === reading.quality &&
      sent.reading.reason === reading.reason &&
      sent.verdicts === judged &&
      isWithin(sent.reading.value, reading.value, this.#width);
    if (nothingNew && !force) return true;
    this.#sent = { reading, verdicts: judged, atMs };
    return false;
  }
}

function isWithin(a: Conditioned["value"], b: Conditioned["value"], width: number): boolean {
  return typeof a === "number" && typeof b === "number" ? Math.abs(a - b) <= width : a === b;
}
