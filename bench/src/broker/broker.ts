import type { BenchContext, Benchmark } from "../benchmark.js";
import type { Section } from "../report.js";
import { FLOOD_SCENARIOS, type FloodSample, floodRows, measureFlood } from "./flood-runs.js";
import { memoryGrowth } from "./memory-growth.js";
import { measurePaced, PACED_SCENARIO, type PacedSample, pacedRows } from "./paced-runs.js";
import { requirements } from "./requirements.js";
import { stalledReader } from "./stalled-reader.js";
import { FIELDMESH, SUBJECTS, type SubjectKind } from "./subjects.js";

const TITLE = "The broker beside its peers";
const MEMORY_SCENARIO = "resident memory after 100,000 and 1,000,000 messages";
const MOST_GROWTH_MIB = 64;

/** Throughput of this broker beside its peers, every one in a process of its own, loaded from this one. */
export const broker: Benchmark = {
  title: TITLE,
  async run(context) {
    const subjects = SUBJECTS.filter((subject) => {
      const install = subject.missing();
      if (install !== undefined) context.progress(`${subject.name} is left out: ${install}`);
      return install === undefined;
    });
    const { floods, paced } = await beside(subjects, context);
    const stalled = await stalledReader(context);
    const growth = await growthRequired(context);
    return {
      title: TITLE,
      about:
        "Payloads of 100 bytes; each broker in a process of its own, the load in another, both on the same cores. The brokers take turns, another one first in each round. Delivered is per reader and second until the last message came; a share below 100 % was lost.",
      columns: ["scenario", "broker", "delivered/s", "acknowledged/s", "delivered", "CPU s", "peak MiB"],
      rows: [
        ...FLOOD_SCENARIOS.filter(({ name }) => context.wants(name)).flatMap((scenario) =>
          floodRows(scenario, floods, subjects),
        ),
        ...(paced.length > 0 ? pacedRows(paced, subjects) : []),
        ...stalled.rows,
      ],
      required: [...requirements({ floods, paced, subjects }), ...growth.required, ...stalled.required],
      data: { samples: floods, paced, stalled: stalled.samples, growthMiB: growth.mib },
    } satisfies Section;
  },
};

/** Rounds in which all brokers take their turns. Paced ones have more: there a disturbance weighs more. */
function roundsOf(isPaced: boolean, quick: boolean): number {
  if (quick) return 1;
  return isPaced ? 5 : 3;
}

async function beside(subjects: readonly SubjectKind[], context: BenchContext) {
  const floods: FloodSample[] = [];
  const paced: PacedSample[] = [];
  const turns = async (
    scenario: string,
    isPaced: boolean,
    round: number,
    run: (subject: SubjectKind) => Promise<void>,
  ): Promise<void> => {
    const rounds = roundsOf(isPaced, context.quick);
    if (round >= rounds || !context.wants(scenario)) return;
    const first = round % subjects.length;
    for (const subject of [...subjects.slice(first), ...subjects.slice(0, first)]) {
      context.progress(`round ${round + 1}/${rounds}: ${scenario}, ${subject.name}`);
      await run(subject);
    }
  };
  for (let round = 0; round < roundsOf(true, context.quick); round += 1) {
    for (const scenario of FLOOD_SCENARIOS) {
      await turns(scenario.name, scenario.rate !== undefined, round, async (subject) => {
        floods.push(await measureFlood(subject, scenario, context));
      });
    }
    await turns(PACED_SCENARIO, true, round, async (subject) => {
      paced.push(await measurePaced(subject, context));
    });
  }
  return { floods, paced };
}

async function growthRequired({ wants, progress }: BenchContext) {
  if (!wants(MEMORY_SCENARIO)) return { required: [] };
  progress(MEMORY_SCENARIO);
  const mib = await memoryGrowth(FIELDMESH);
  const text = `resident memory after 1,000,000 messages at most ${MOST_GROWTH_MIB} MiB above that after 100,000 (${mib.toFixed(0)})`;
  return { mib, required: [{ text, met: mib <= MOST_GROWTH_MIB }] };
}
