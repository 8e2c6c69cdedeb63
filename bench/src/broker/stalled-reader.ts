import type { BenchContext } from "../benchmark.js";
import { percentile, spread } from "../statistics.js";
import { paced } from "./paced.js";
import { ProcessWatch } from "./process-watch.js";
import { FIELDMESH_OVER, MOSQUITTO, type SubjectKind } from "./subjects.js";
import type { TransportName } from "./transports.js";

const PLAN = { rate: 5_000, payloadBytes: 1_000, readers: 2, stalled: true };
/** What the others may wait for one that does not read. */
const MOST_MS = 200;
const TITLE = "5,000/s × 1 kB, one of three readers stalled";

interface Sample {
  transport: TransportName;
  subject: string;
  p50: number;
  p95: number;
  p99: number;
  max: number;
  deliveredShare: number;
  disconnected: boolean;
  cpuS: number;
  peakMiB: number;
}

/** What one reader that stops reading is to the others, over each transport. */
export async function stalledReader({ quick, progress, wants }: BenchContext) {
  if (!wants(TITLE)) return { rows: [], required: [], samples: [] };
  const runs: [TransportName, SubjectKind][] = [
    ["tcp", FIELDMESH_OVER.tcp],
    ["tls", FIELDMESH_OVER.tls],
    ["ws", FIELDMESH_OVER.ws],
    ...(MOSQUITTO.missing() === undefined ? [["tcp", MOSQUITTO] as [TransportName, SubjectKind]] : []),
  ];
  const samples: Sample[] = [];
  const rounds = quick ? 1 : 2;
  for (let round = 0; round < rounds; round += 1) {
    for (const [transport, kind] of runs) {
      progress(`round ${round + 1}/${rounds}: ${TITLE}, ${transport}, ${kind.name}`);
      samples.push(await measure(transport, kind, quick ? 3_000 : 5_000));
    }
  }
  const of = (transport: TransportName, { name }: SubjectKind) =>
    samples.filter((sample) => sample.transport === transport && sample.subject === name);
  const rows = runs.map(([transport, kind]) => {
    const own = of(transport, kind);
    const show = (pick: (sample: Sample) => number, digits = 2) => spread(own.map(pick), digits);
    return [
      `${TITLE}, ${transport.toUpperCase()}`,
      kind.name,
      `p50 ${show((s) => s.p50)} ms`,
      `p99 ${show((s) => s.p99)} ms`,
      `${show((s) => s.deliveredShare * 100, 1)} %`,
      show((s) => s.cpuS),
      show((s) => s.peakMiB, 0),
    ];
  });
  const required = (["tcp", "tls", "ws"] as const).map((transport) => {
    const own = of(transport, FIELDMESH_OVER[transport]);
    return {
      text: `beside a stalled reader over ${transport.toUpperCase()} the others get everything, p99 under ${MOST_MS} ms in each run`,
      met: own.every(({ p99, deliveredShare }) => p99 < MOST_MS && deliveredShare === 1),
    };
  });
  return { rows, required, samples };
}

async function measure(transport: TransportName, kind: SubjectKind, durationMs: number): Promise<Sample> {
  const running = await kind.start();
  const watch = new ProcessWatch(running.pid);
  watch.begin();
  const result = await paced({ port: running.port, transport }, { ...PLAN, durationMs });
  const usage = watch.end();
  await running.stop();
  const at = (p: number) => percentile(result.latenciesMs, p);
  const { deliveredShare, disconnected } = result;
  const latency = { p50: at(50), p95: at(95), p99: at(99), max: at(100) };
  return { transport, subject: kind.name, ...latency, deliveredShare, disconnected, ...usage };
}
