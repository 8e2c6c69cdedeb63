import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { startBroker } from "@fieldmesh/broker";
import { type HistoryQuality, type Message, parseMessage } from "@fieldmesh/protocol";
import { createMqttLink, type MqttLink } from "@fieldmesh/runtime";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { quiet } from "../testing/quiet.js";
import { Stack } from "../testing/stack.js";

const WAIT = { timeout: 25_000, interval: 50 };
const STREAM = "env_greenhouse_temperature";
/** Time passes so much faster for the historian: a minute's window is full after six seconds. */
const FASTER = 10;
const began = Date.now();
const clock = (): number => began + (Date.now() - began) * FASTER;

let stack: Stack;
beforeEach(async () => {
  stack = await Stack.start(startBroker);
});
afterEach(async () => {
  await stack.close();
});

/** What is retained on the topics of the mesh, by topic. */
async function listenToMesh(): Promise<{ link: MqttLink; heard: Map<string, Message> }> {
  const link = createMqttLink({ urls: [stack.brokerUrl], clientId: "test-mesh", log: quiet });
  stack.own(() => link.close());
  const heard = new Map<string, Message>();
  link.onMessage((topic, payload, { retain }) => {
    const parsed = parseMessage(topic, payload, { now: Date.now(), retain });
    if (!parsed.ok) throw new Error(`${topic}: ${parsed.detail}`);
    heard.set(topic, parsed.value);
  });
  await link.subscribe(["mesh/quality/+", "mesh/alarm/+/+"], 1);
  link.start();
  return { link, heard };
}

test("a promise that is broken becomes an alarm, and what was measured is told on the wire", {
  timeout: 60_000,
}, async () => {
  const configFile = join(stack.folder, "historian.yaml");
  await writeFile(configFile, "version: 4\ndefaults: {objectives: {validity: {window: 1h}}}\n");
  const historian = await stack.historian({ configFile }, { clock });
  const node = await stack.node("greenhouse");
  let seq = 0;
  // Every other reading is in another unit than the birth says.
  const reading = setInterval(() => {
    seq++;
    const unit = seq % 2 === 0 ? "Cel" : "lx";
    const told = { node: "greenhouse", sensor: "temperature", unit, boot: node.birth.boot };
    node.send({ ...told, seq, value: 20, timestamp: clock() }).catch(() => undefined);
  }, 1_000 / FASTER);
  stack.own(() => Promise.resolve(clearInterval(reading)));

  const { heard } = await listenToMesh();
  const alarm = `mesh/alarm/${STREAM}/slo-validity`;
  await vi.waitFor(
    () => expect(heard.get(alarm)).toMatchObject({ kind: "alarm", event: { state: "raised", limit: 99 } }),
    WAIT,
  );
  expect(heard.get(alarm)).toMatchObject({
    event: { severity: "warning", node: "greenhouse", sensor: "temperature", seq: 1 },
  });
  await vi.waitFor(() => {
    const told = heard.get(`mesh/quality/${STREAM}`);
    expect(told).toMatchObject({ kind: "quality", report: { stream: STREAM, configuration: 4 } });
    if (told?.kind !== "quality") return;
    const validity = told.report?.objectives.find(({ measure }) => measure === "validity");
    expect(validity).toMatchObject({ state: "burning", severity: "warning", window: "1h", target: 0.99 });
    expect(validity?.actual).toBeCloseTo(0.5, 1);
  }, WAIT);
  const answer = await fetch(`${historian.url}/api/history/streams/${STREAM}/quality`);
  const { reports } = (await answer.json()) as HistoryQuality;
  expect(reports[0]?.objectives).toContainEqual(
    expect.objectContaining({ id: "slo-validity", state: "burning" }),
  );
  await vi.waitFor(async () => {
    const events = await fetch(`${historian.url}/api/history/events?stream=${STREAM}`);
    expect(await events.json()).toMatchObject([{ event: { rule: "slo-validity", state: "raised" } }]);
  }, WAIT);

  // Who removes the node takes its promises away with it.
  clearInterval(reading);
  await node.retire();
  await vi.waitFor(() => {
    expect(heard.get(alarm)).toMatchObject({ event: null });
    expect(heard.get(`mesh/quality/${STREAM}`)).toMatchObject({ report: null });
  }, WAIT);
});
