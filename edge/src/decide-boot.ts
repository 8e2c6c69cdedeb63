import type { Log, MqttLink } from "@fieldmesh/runtime";
import { nextBoot, readBoot, storeBoot } from "./boot.js";
import type { Clock } from "./clock.js";
import { readRetainedBoot } from "./retained-boot.js";

export interface BootPorts {
  folder: string;
  /** The greatest that the log knows of. */
  lastBoot: number;
  /** Its own, to ask the broker; it is closed again. */
  link: MqttLink;
  statusTopic: string;
  /** How long a broker is waited for. */
  waitMs: number;
  clock: Clock;
  logger: Log;
}

/** The number of the boot that begins, stored before its first reading. */
export async function decideBoot(ports: BootPorts): Promise<number> {
  const { folder, lastBoot, link, statusTopic, waitMs, clock, logger } = ports;
  const stored = Math.max(lastBoot, await readBoot(folder));
  const announced = await readRetainedBoot(link, statusTopic, clock, waitMs);
  const boot = nextBoot({ stored, announced, now: clock.now() });
  try {
    await storeBoot(folder, boot);
  } catch (error) {
    // On a full disk: the log cannot store it either. The clock still makes the next one greater.
    logger.error({ err: error, boot }, "the boot could not be stored; the clock must not go back");
  }
  return boot;
}
