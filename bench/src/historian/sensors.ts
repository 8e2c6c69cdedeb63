import type { Sample } from "@fieldmesh/storage";

const START = 1_763_640_000_000; // ms
const BOOT = 1_763_640_000;

/** Sensors that read a slowly changing value with two digits, at times that jitter by some milliseconds. */
export class Sensors {
  readonly streams: readonly string[];
  readonly #intervalMs: number;
  readonly #values: Float64Array;
  #seed = 1;
  #read = 0;

  constructor(count: number, intervalMs: number) {
    this.streams = Array.from(
      { length: count },
      (_, n) => `bench_node-${Math.floor(n / 20)}_sensor-${n % 20}`,
    );
    this.#intervalMs = intervalMs;
    this.#values = new Float64Array(count).fill(20);
  }

  /** So many more readings of each. */
  next(readings: number): Map<string, Sample[]> {
    const batch = new Map<string, Sample[]>();
    for (const [n, stream] of this.streams.entries()) {
      const samples: Sample[] = [];
      for (let k = 0; k < readings; k += 1) {
        const value = (this.#values[n] ?? 0) + this.#random() * 0.2 - 0.1;
        this.#values[n] = value;
        const seq = this.#read + k + 1;
        const timestamp = START + seq * this.#intervalMs + Math.floor(this.#random() * 5);
        const rounded = Math.round(value * 100) / 100;
        samples.push({ boot: BOOT, seq, at: timestamp - 12, timestamp, value: rounded, unit: "Cel" });
      }
      batch.set(stream, samples);
    }
    this.#read += readings;
    return batch;
  }

  /** The same in every run (Lehmer's generator). */
  #random(): number {
    this.#seed = (this.#seed * 48_271) % 2_147_483_647;
    return this.#seed / 2_147_483_647;
  }
}
