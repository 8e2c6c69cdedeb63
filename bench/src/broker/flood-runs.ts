import type { BenchContext } from "../benchmark.js";
import { spread } from "../statistics.js";
import { type FloodPlan, flood } from "./flood.js";
import { ProcessWatch } from "./process-watch.js";
import type { SubjectKind } from "./subjects.js";

const own = (count: number) => Array.from({ length: count }, (_, i) => `env/n${i}/s/raw`);

/** Who publishes and subscribes to what. */
type Shape = Pick<FloodPlan, "publishers" | "subscribers" | "rate">;

export const FOUR_TO_ONE = {
  publishers: own(4),
  subscribers: ["env/#"],
} satisfies Shape;

const SHAPES: Record<string, Shape> = {
  "4 → 1": FOUR_TO_ONE,
  "64 → 1": { publishers: own(64), subscribers: ["env/#"] },
  "1 → 10": { publishers: own(1), subscribers: Array.from({ length: 10 }, () => "env/#") },
  "10 → 10, own topics": { publishers: own(10), subscribers: own(10) },
  "500 → 1 at 10/s each": { publishers: own(500), subscribers: ["env/#"], rate: 10 },
};

export interface FloodScenario extends Shape {
  /** As in the table: "4 → 1, QoS 0". */
  name: string;
  qos: 0 | 1;
}

/** Each at QoS 0 and 1, in the order of the table. */
export const FLOOD_SCENARIOS: readonly FloodScenario[] = Object.entries(SHAPES).flatMap(([name, shape]) =>
  ([0, 1] as const).map((qos) => ({ ...shape, qos, name: `${name}, QoS ${qos}` })),
);

const FLOOD_MS = 2_500;
/** Of few messages a longer run: in the first seconds all brokers on Node.js are busy with compiling themselves. */
const TRICKLE_MS = 10_000;

export interface FloodSample {
  scenario: string;
  qos: 0 | 1;
  subject: string;
  /** Per reader. */
  deliveredPerS: number;
  acknowledgedPerS: number;
  deliveredShare: number;
  cpuS: number;
  peakMiB: number;
}

export async function measureFlood(
  subject: SubjectKind,
  { name, ...plan }: FloodScenario,
  { quick }: BenchContext,
): Promise<FloodSample> {
  const running = await subject.start();
  const watch = new ProcessWatch(running.pid);
  const result = await flood(running.port, {
    ...plan,
    payloadBytes: 100,
    durationMs: quick ? 1_000 : plan.rate === undefined ? FLOOD_MS : TRICKLE_MS,
    onStarted: () => watch.begin(),
  });
  const usage = watch.end();
  await running.stop();
  return {
    scenario: name,
    qos: plan.qos,
    subject: subject.name,
    deliveredPerS: result.delivered / plan.subscribers.length / result.seconds,
    acknowledgedPerS: result.acknowledged / result.seconds,
    deliveredShare: result.delivered / result.expected,
    ...usage,
  };
}

/** The table's rows of one scenario, one a broker. */
export function floodRows(
  scenario: FloodScenario,
  samples: readonly FloodSample[],
  subjects: readonly SubjectKind[],
) {
  return subjects.map(({ name }) => {
    const runs = samples.filter((run) => run.scenario === scenario.name && run.subject === name);
    const show = (pick: (run: FloodSample) => number, digits: number) => spread(runs.map(pick), digits);
    return [
      scenario.name,
      name,
      `${show((run) => run.deliveredPerS / 1_000, 1)}k`,
      scenario.qos === 1 ? `${show((run) => run.acknowledgedPerS / 1_000, 1)}k` : "–",
      `${show((run) => run.deliveredShare * 100, 1)} %`,
      show((run) => run.cpuS, 2),
      show((run) => run.peakMiB, 0),
    ];
  });
}
