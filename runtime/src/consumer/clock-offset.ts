/** How far a node's clock is ahead of this consumer's, as measured. */
export interface ClockOffset {
  /** Node clock minus consumer clock, ms. */
  offsetMs: number;
  /** Round trip without the node's own time, ms: the offset is right to half of it. */
  delayMs: number;
  /** When it was measured, by this consumer's clock, ms. */
  at: number;
}

/**
 * Clocks that NTP keeps are right to some ms, and an exchange over a busy network tells no more: a correction by less
 * than this would be noise, and put readings of a full hour into the one before.
 */
const NOISE_MS = 50;

/** What to take off a node's time where readings are put in order, kept and drawn: whole ms, 0 for a clock that is right. */
export function clockCorrectionMs(offsetMs: number): number {
  return Math.abs(offsetMs) < NOISE_MS ? 0 : Math.round(offsetMs);
}

/** The four times of an exchange: asked and answered by our clock, received and sent by the node's. */
export interface Exchange {
  askedAt: number;
  receivedAt: number;
  sentAt: number;
  answeredAt: number;
}

/** Samples among which the one with the least delay is believed, as NTP's clock filter does (RFC 5905, 10). */
const SAMPLES = 8;
/** A change by more than the two delays and this is a clock that was set, not noise, ms. */
const STEP_MS = 1_000;

/** The clock offset of one node out of repeated measurements. */
export class OffsetFilter {
  #samples: ClockOffset[] = [];

  /** Offset and delay of one exchange (RFC 5905, section 8), and with them the new estimate. */
  add({ askedAt, receivedAt, sentAt, answeredAt }: Exchange): ClockOffset {
    const sample: ClockOffset = {
      offsetMs: (receivedAt - askedAt + (sentAt - answeredAt)) / 2,
      delayMs: Math.max(0, answeredAt - askedAt - (sentAt - receivedAt)),
      at: answeredAt,
    };
    const best = this.best;
    if (best !== undefined) {
      const moved = Math.abs(sample.offsetMs - best.offsetMs);
      if (moved > sample.delayMs + best.delayMs + STEP_MS) this.#samples = [];
    }
    this.#samples = [...this.#samples, sample].slice(-SAMPLES);
    return this.best ?? sample;
  }

  get best(): ClockOffset | undefined {
    let best: ClockOffset | undefined;
    for (const sample of this.#samples)
      if (best === undefined || sample.delayMs <= best.delayMs) best = sample;
    return best;
  }
}
