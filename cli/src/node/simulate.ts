import { LEGACY_SIMULATE_TOPIC, SIMULATIONS, type Simulation } from "@fieldmesh/protocol";
import {
  CommandRefusedError,
  createLog,
  createStreamConsumer,
  type StreamConsumer,
} from "@fieldmesh/runtime";
import type { BrokerOptions } from "../broker-options.js";
import { oneBroker, openLink } from "../connection.js";
import { FailureError, UsageError } from "../exit.js";
import { type Terminal, writeJson, writeLine } from "../terminal.js";
import { parseNodeAddress } from "./address.js";

export interface SimulateOptions extends BrokerOptions {
  sensor?: string;
  legacy?: boolean;
  json?: boolean;
}

/** Asks a node to simulate a fault, and waits for its answer. */
export async function simulate(
  node: string,
  type: string,
  options: SimulateOptions,
  terminal: Terminal,
): Promise<void> {
  const simulation = SIMULATIONS.find((known) => known === type);
  if (simulation === undefined)
    throw new UsageError(`simulation "${type}": expected one of ${SIMULATIONS.join(", ")}`);
  const target = parseNodeAddress(node, terminal);
  const access = await oneBroker(options, terminal);
  let consumer: StreamConsumer | undefined;
  const { link } = await openLink(access, { ...options, purpose: "simulate" }, terminal, (prepared) => {
    if (options.legacy) return;
    const log = createLog("fieldmesh", { level: "silent" });
    consumer = createStreamConsumer({ links: [prepared], by: "fieldmesh simulate", resend: false, log });
    consumer.start();
  });
  try {
    if (consumer === undefined) await simulateLegacy(simulation, link.publish.bind(link));
    else {
      const args = { type: simulation, ...(options.sensor === undefined ? {} : { sensor: options.sensor }) };
      const result = await consumer.request({ ...target, name: "simulate" }, args);
      const sensors = sensorsOf(result);
      if (options.json) await writeJson(terminal.stdout, { ...target, type: simulation, sensors });
      else
        await writeLine(
          terminal.stdout,
          `${target.domain}/${target.node}: ${simulation} on ${sensors.join(", ")}`,
        );
    }
  } catch (error) {
    if (error instanceof CommandRefusedError) {
      throw new FailureError(`${target.domain}/${target.node} refused: ${error.message} (${error.code})`);
    }
    throw error;
  } finally {
    await consumer?.close();
    await link.close();
  }
}

/** Older publishers have no command topic and do not answer. */
async function simulateLegacy(
  type: Simulation,
  publish: (topic: string, payload: string, options: { qos: 1 }) => Promise<void>,
): Promise<void> {
  await publish(LEGACY_SIMULATE_TOPIC, JSON.stringify({ type, timestamp: new Date().toISOString() }), {
    qos: 1,
  });
}

function sensorsOf(result: unknown): string[] {
  if (typeof result !== "object" || result === null || !("sensors" in result)) return [];
  return Array.isArray(result.sensors) ? result.sensors.filter((sensor) => typeof sensor === "string") : [];
}
