import { type Usage, usageOf } from "../process-usage.js";

const INTERVAL_MS = 250;

/** What a broker's process uses over a run. A process that died has NaN: its other figures say so. */
export class ProcessWatch {
  readonly #pid: number;
  readonly #timer: NodeJS.Timeout;
  #cpuBeforeS = 0;
  #peakBytes = 0;

  constructor(pid: number) {
    this.#pid = pid;
    this.#timer = setInterval(() => this.#look(), INTERVAL_MS);
  }

  /** From here on processor time counts: connecting is another matter. */
  begin(): void {
    this.#cpuBeforeS = this.#look()?.cpuS ?? 0;
  }

  end(): { cpuS: number; peakMiB: number } {
    clearInterval(this.#timer);
    const cpuS = (this.#look()?.cpuS ?? Number.NaN) - this.#cpuBeforeS;
    return { cpuS, peakMiB: this.#peakBytes / 2 ** 20 };
  }

  #look(): Usage | undefined {
    try {
      const usage = usageOf(this.#pid);
      this.#peakBytes = Math.max(this.#peakBytes, usage.memoryBytes);
      return usage;
    } catch {
      return undefined;
    }
  }
}
