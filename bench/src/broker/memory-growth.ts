import { usageOf } from "../process-usage.js";
import { flood } from "./flood.js";
import { FOUR_TO_ONE } from "./flood-runs.js";
import type { SubjectKind } from "./subjects.js";

/** Resident memory after 1,000,000 messages above that after 100,000, MiB; half of them at QoS 1. */
export async function memoryGrowth(subject: SubjectKind): Promise<number> {
  const running = await subject.start();
  const after = async (messages: number): Promise<number> => {
    for (const qos of [0, 1] as const) {
      const messagesEach = messages / 2 / FOUR_TO_ONE.publishers.length;
      await flood(running.port, {
        ...FOUR_TO_ONE,
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
