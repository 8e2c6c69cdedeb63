import type { BenchContext } from "../benchmark.js";
import { percentile, spread } from "../statistics.js";
import { paced } from "./paced.js";
import { ProcessWatch } from "./process-watch.js";
import type { SubjectKind } from "./subjects.js";

/** One publisher, one reader. */
export const PACED_SCENARIO = "5,000/s, QoS 0";

export interface PacedSample {
  subject: string;
  p50: number;
  p95: number;
  p99: number;
  deliveredShare: number;
  cpuS: number;
  peakMiB: number;
}

export async function measurePaced(subject: SubjectKind, { quick }: BenchContext): Promise<PacedSample> {
  const running = await subject.start();
  const watch = new ProcessWatch(running.pid);
  watch.begin();
  const { latenciesMs, deliveredShare } = await paced(
    { port: running.port, transport: "tcp" },
    { rate: 5_000, durationMs: quick ? 1_000 : 5_000, payloadBytes: 100, readers: 1 },
  );
  const usage = watch.end();
  await running.stop();
  const at = (p: number) => percentile(latenciesMs, p);
  return { subject: subject.name, p50: at(50), p95: at(95), p99: at(99), deliveredShare, ...usage };
}

/** The table's rows, one a broker. */
export function pacedRows(samples: readonly PacedSample[], subjects: readonly SubjectKind[]) {
  return subjects.map(({ name }) => {
    const runs = samples.filter((run) => run.subject === name);
    const show = (pick: (run: PacedSample) => number, digits = 2) => spread(runs.map(pick), digits);
    return [
      PACED_SCENARIO,
      name,
      `p50 ${show((run) => run.p50)} ms, p95 ${show((run) => run.p95)} ms`,
      `p99 ${show((run) => run.p99)} ms`,
      `${show((run) => run.deliveredShare * 100, 1)} %`,
      show((run) => run.cpuS),
      show((run) => run.peakMiB, 0),
    ];
  });
}
