import type { BenchContext, Benchmark } from "../benchmark.js";
import { usageOf } from "../process-usage.js";
import { median, percentile, spread } from "../statistics.js";
import { type FloodPlan, flood } from "./flood.js";
import { paced } from "./paced.js";
import { ProcessWatch } from "./process-watch.js";
import { stalledReader } from "./stalled-reader.js";
import { BARE_AEDES, FIELDMESH, MOSQUITTO, NATS, SUBJECTS, type SubjectKind } from "./subjects.js";

const own = (count: number) => Array.from({ length: count }, (_, i) => `env/n${i}/s/raw`);

const SCENARIOS: Record<string, Pick<FloodPlan, "publishers" | "subscribers" | "rate">> = {
  "4 → 1": { publishers: own(4), subscribers: ["env/#"] },
  "64 → 1": { publishers: own(64), subscribers: ["env/#"] },
  "1 → 10": { publishers: own(1), subscribers: Array.from({ length: 10 }, () => "env/#") },
  "10 → 10, own topics": { publishers: own(10), subscribers: own(10) },
  "500 → 1 at 10/s each": { publishers: own(500), subscribers: ["env/#"], rate: 10 },
};

interface Sample {
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

interface PacedSample {
  subject: string;
  p50: number;
  p95: number;
  p99: number;
  deliveredShare: number;
  cpuS: number;
  peakMiB: number;
}

/** Throughput of this broker beside its peers, every one in a process of its own, loaded from this one. */
export const broker: Benchmark = {
  title: "The broker beside its peers",
  async run(context) {
    const subjects = SUBJECTS.filter((subject) => {
      const install = subject.missing();
      if (install !== undefined) context.progress(`${subject.name} is left out: ${install}`);
      return install === undefined;
    });
    const samples: Sample[] = [];
    const pacedSamples: PacedSample[] = [];
    const rounds = context.quick ? 1 : 3;
    for (let round = 0; round < rounds; round += 1) {
      for (const [scenario, plan] of Object.entries(SCENARIOS)) {
        for (const qos of [0, 1] as const) {
          for (const subject of subjects) {
            context.progress(`round ${round + 1}/${rounds}: ${scenario}, QoS ${qos}, ${subject.name}`);
            samples.push(await measure(subject, scenario, { ...plan, qos }, context));
          }
        }
      }
      for (const subject of subjects) {
        context.progress(`round ${round + 1}/${rounds}: 5,000/s, ${subject.name}`);
        pacedSamples.push(await measurePaced(subject, context));
      }
    }
    const stalled = await stalledReader(context);
    context.progress("resident memory after 100,000 and 1,000,000 messages");
    const growthMiB = await memoryGrowth(FIELDMESH);
    return section(samples, pacedSamples, stalled, growthMiB, subjects);
  },
};

/** Resident memory after 1,000,000 messages above that after 100,000, MiB; half of them at QoS 1. */
async function memoryGrowth(subject: SubjectKind): Promise<number> {
  const running = await subject.start();
  const after = async (messages: number): Promise<number> => {
    for (const qos of [0, 1] as const) {
      const { publishers, subscribers } = { publishers: own(4), subscribers: ["env/#"] };
      const messagesEach = messages / 2 / publishers.length;
      await flood(running.port, {
        publishers,
        subscribers,
        qos,
        payloadBytes: 100,
        durationMs: 120_000,
        messagesEach,
      });
    }
    return usageOf(running.pid).memoryBytes;
  };
  const few = await after(100_000);
  const many = await after(900_000);
  await running.stop();
  return (many - few) / 2 ** 20;
}

async function measure(
  subject: SubjectKind,
  scenario: string,
  plan: Pick<FloodPlan, "publishers" | "subscribers" | "rate" | "qos">,
  context: BenchContext,
): Promise<Sample> {
  const running = await subject.start();
  const watch = new ProcessWatch(running.pid);
  const result = await flood(running.port, {
    ...plan,
    payloadBytes: 100,
    durationMs: context.quick ? 1_000 : plan.rate === undefined ? 2_500 : 4_000, // of few messages a longer run
    onStarted: () => watch.begin(),
  });
  const usage = watch.end();
  await running.stop();
  return {
    scenario,
    qos: plan.qos,
    subject: subject.name,
    deliveredPerS: result.delivered / plan.subscribers.length / result.seconds,
    acknowledgedPerS: result.acknowledged / result.seconds,
    deliveredShare: result.delivered / result.expected,
    ...usage,
  };
}

async function measurePaced(subject: SubjectKind, context: BenchContext): Promise<PacedSample> {
  const running = await subject.start();
  const watch = new ProcessWatch(running.pid);
  watch.begin();
  const { latenciesMs, deliveredShare } = await paced(
    { port: running.port, transport: "tcp" },
    { rate: 5_000, durationMs: context.quick ? 1_000 : 5_000, payloadBytes: 100, readers: 1 },
  );
  const usage = watch.end();
  await running.stop();
  const at = (p: number) => percentile(latenciesMs, p);
  return { subject: subject.name, p50: at(50), p95: at(95), p99: at(99), deliveredShare, ...usage };
}

function section(
  samples: readonly Sample[],
  pacedSamples: readonly PacedSample[],
  stalled: Awaited<ReturnType<typeof stalledReader>>,
  growthMiB: number,
  subjects: readonly SubjectKind[],
) {
  const of = (scenario: string, qos: 0 | 1, subject: string) =>
    samples.filter((s) => s.scenario === scenario && s.qos === qos && s.subject === subject);
  const thousands = (values: number[]) => `${spread(values.map((value) => value / 1_000))}k`;
  const rows = Object.keys(SCENARIOS).flatMap((scenario) =>
    ([0, 1] as const).flatMap((qos) =>
      subjects.map(({ name }) => {
        const runs = of(scenario, qos, name);
        return [
          `${scenario}, QoS ${qos}`,
          name,
          thousands(runs.map((run) => run.deliveredPerS)),
          qos === 1 ? thousands(runs.map((run) => run.acknowledgedPerS)) : "–",
          `${spread(runs.map((run) => run.deliveredShare * 100))} %`,
          spread(
            runs.map((run) => run.cpuS),
            2,
          ),
          spread(
            runs.map((run) => run.peakMiB),
            0,
          ),
        ];
      }),
    ),
  );
  const pacedRows = subjects.map(({ name }) => {
    const runs = pacedSamples.filter((run) => run.subject === name);
    const show = (pick: (run: PacedSample) => number, digits = 2) => spread(runs.map(pick), digits);
    return [
      "5,000/s, QoS 0",
      name,
      `p50 ${show((r) => r.p50)} ms, p95 ${show((r) => r.p95)} ms`,
      `p99 ${show((r) => r.p99)} ms`,
      `${show((r) => r.deliveredShare * 100, 1)} %`,
      show((r) => r.cpuS),
      show((r) => r.peakMiB, 0),
    ];
  });
  const middle = (scenario: string, qos: 0 | 1, { name }: SubjectKind, pick: (run: Sample) => number) =>
    median(of(scenario, qos, name).map(pick));
  const rate = (scenario: string, qos: 0 | 1, subject: SubjectKind) =>
    middle(scenario, qos, subject, (run) => run.deliveredPerS);
  const p99 = ({ name }: SubjectKind) =>
    median(pacedSamples.filter((run) => run.subject === name).map((run) => run.p99));
  const acknowledged = (subject: SubjectKind) => middle("4 → 1", 1, subject, (run) => run.acknowledgedPerS);
  const cpuOf500 = (subject: SubjectKind) => middle("500 → 1 at 10/s each", 0, subject, (run) => run.cpuS);
  const peers = subjects.filter((subject) => subject !== FIELDMESH);
  const ahead = (scenario: string) =>
    peers.every((peer) => rate(scenario, 0, FIELDMESH) > rate(scenario, 0, peer));
  /** Beside a peer that is there. */
  const beside = (peer: SubjectKind, text: string, met: () => boolean) =>
    subjects.includes(peer) ? [{ text, met: met() }] : [];
  const required = [
    ...beside(MOSQUITTO, "QoS 0, 4 → 1: at least ten times Mosquitto's", () => {
      return rate("4 → 1", 0, FIELDMESH) >= 10 * rate("4 → 1", 0, MOSQUITTO);
    }),
    ...beside(NATS, "QoS 0, 4 → 1: ahead of NATS's", () => {
      return rate("4 → 1", 0, FIELDMESH) > rate("4 → 1", 0, NATS);
    }),
    { text: "QoS 0, 64 → 1: ahead of all", met: ahead("64 → 1") },
    { text: "QoS 0, 1 → 10: ahead of all", met: ahead("1 → 10") },
    ...beside(MOSQUITTO, "p99 at 5,000/s at most Mosquitto's", () => p99(FIELDMESH) <= p99(MOSQUITTO)),
    ...beside(MOSQUITTO, "QoS 1, 4 → 1: at least Mosquitto's acknowledged rate", () => {
      return acknowledged(FIELDMESH) >= acknowledged(MOSQUITTO);
    }),
    {
      text: "QoS 1, 4 → 1: all of it delivered",
      met: of("4 → 1", 1, FIELDMESH.name).every((run) => run.deliveredShare === 1),
    },
    ...beside(BARE_AEDES, "500 publishers at 10/s, QoS 0: at most 0.7 of bare Aedes' CPU time", () => {
      return cpuOf500(FIELDMESH) <= 0.7 * cpuOf500(BARE_AEDES);
    }),
    {
      text: `resident memory after 1,000,000 messages at most 64 MiB above that after 100,000 (${growthMiB.toFixed(0)})`,
      met: growthMiB <= 64,
    },
    ...stalled.required,
  ];
  return {
    title: "The broker beside its peers",
    about:
      "Payloads of 100 bytes; each broker in a process of its own, the load in another, both on the same cores. Delivered is per reader and second until the last message came; a share below 100 % was lost.",
    columns: ["scenario", "broker", "delivered/s", "acknowledged/s", "delivered", "CPU s", "peak MiB"],
    rows: [...rows, ...pacedRows, ...stalled.rows],
    required,
    data: { samples, paced: pacedSamples, stalled: stalled.samples, growthMiB },
  };
}
