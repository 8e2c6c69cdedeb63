import type { Section } from "./report.js";

export interface BenchContext {
  /** One line on standard error: what is running now. */
  progress: (text: string) => void;
  /** Shorter runs, for a look rather than for the docs. */
  quick: boolean;
  /** Whether this scenario is to run: all are, or with `--only` those whose names contain one of its texts. */
  wants: (scenario: string) => boolean;
}

export interface Benchmark {
  title: string;
  run: (context: BenchContext) => Promise<Section>;
}
