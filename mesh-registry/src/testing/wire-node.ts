import { type Birth, type BirthSensor, encodeBirth } from "@fieldmesh/protocol";
import { createMqttLink, type MqttLink } from "@fieldmesh/runtime";
import { onTestFinished, vi } from "vitest";
import { quiet } from "./quiet.js";

export const SOON = { timeout: 15_000, interval: 20 };

/** Whoever speaks on the wire: connected, and gone when the test is over. */
export async function wireClient(url: string, clientId: string): Promise<MqttLink> {
  const link = createMqttLink({ urls: [url], clientId, log: quiet });
  onTestFinished(() => link.close());
  const connected = new Promise<void>((resolve) => {
    const end = link.onConnect(() => {
      end();
      resolve();
    });
  });
  link.start();
  await connected;
  return link;
}

/** What stands retained on topics, as it comes and goes. */
export async function retainedOn(url: string, filter: string): Promise<ReadonlyMap<string, string>> {
  const link = createMqttLink({ urls: [url], clientId: `look-${Math.random()}`, log: quiet });
  onTestFinished(() => link.close());
  const standing = new Map<string, string>();
  link.onMessage((topic, payload) => {
    if (payload.length === 0) standing.delete(topic);
    else standing.set(topic, payload.toString());
  });
  await link.subscribe([filter], 1);
  link.start();
  await vi.waitFor(() => {
    if (!link.connected) throw new Error("not yet");
  }, SOON);
  return standing;
}

export const TEMPERATURE: BirthSensor = {
  id: "temperature",
  label: "air",
  type: "temperature",
  valueType: "number",
  unit: "Cel",
  range: { min: -40, max: 85 },
  intervalMs: 1_000,
  driver: "simulated",
  rules: [],
};

export function birthOf(more: Partial<Birth> = {}): Birth {
  return {
    node: "desk",
    domain: "env",
    boot: 1_000,
    version: "1.0.0",
    host: "pi",
    startedAt: 1_700_000_000_000,
    sensors: [TEMPERATURE],
    ...more,
  };
}

/** Publishes a birth as a node does, or removes it. */
export async function giveBirth(
  link: MqttLink,
  birth: Birth | { domain: string; node: string },
): Promise<void> {
  const payload = "sensors" in birth ? encodeBirth(birth) : "";
  await link.publish(`${birth.domain}/${birth.node}/birth`, payload, { retain: true });
}
