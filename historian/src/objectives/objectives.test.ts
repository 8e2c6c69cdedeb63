import { parseMessage } from "@fieldmesh/protocol";
import type { Collection } from "@fieldmesh/storage";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { objectivesOf } from "../configuration/objectives-of.js";
import { parseConfigurationFile } from "../configuration/parse.js";
import type { MeasureCounts } from "../measure/measurement.js";
import { embeddedStorage } from "../testing/embedded.js";
import { quiet } from "../testing/quiet.js";
import { createObjectives, type Objectives } from "./objectives.js";
import { OBJECTIVE_INDEXES, type PromiseDocument } from "./promise-alarms.js";

const STREAM = "env_desk_temperature";
const TOPIC = `mesh/alarm/${STREAM}/slo-availability`;
const START = 1_763_640_000_000;
const ONLY_AVAILABILITY =
  "{availability: {target: 99%}, completeness: false, validity: false, timeliness: false}";

describe("the watch over promises", () => {
  let collection: Collection<PromiseDocument>;
  let now: number;
  /** Share of the time that each stream was not fresh. */
  let unavailable: Map<string, number>;
  let observedMs: number;
  let published: { topic: string; payload: string; retain: boolean }[];
  let connected: boolean;
  let yaml: string;
  let changed: () => void;
  const promised = vi.fn();

  const counts = (stream: string, lastMs: number): MeasureCounts => {
    const watched = Math.min(lastMs, observedMs);
    const freshMs = watched * (1 - (unavailable.get(stream) ?? 0));
    return { observedMs: watched, freshMs, expected: 0, received: 0, valid: 0, timely: 0, timed: 0 };
  };
  const begin = async (): Promise<Objectives> => {
    const objectives = createObjectives({
      collection,
      measurement: { counts, promise: promised, streams: () => unavailable.keys() },
      configuration: {
        objectives: (stream) => objectivesOf(parseConfigurationFile(yaml, "test").content, stream),
        contract: () => ({ product: "greenhouse-air", productVersion: "1.2.0" }),
        onChange: (listener) => {
          changed = listener;
          return () => {};
        },
      },
      publish: (topic, payload, { retain }) => {
        if (!connected) return Promise.reject(new Error("not connected"));
        published.push({ topic, payload, retain });
        return Promise.resolve();
      },
      clock: () => now,
      log: quiet,
    });
    await objectives.restore();
    return objectives;
  };
  const pass = async (objectives: Objectives, seconds: number) => {
    for (let n = 0; n < seconds; n++) {
      now += 1_000;
      objectives.tick(now);
      await Promise.resolve();
    }
    await new Promise(setImmediate); // publishes settle
  };
  const events = () =>
    published.map(({ topic, payload }) => {
      const parsed = parseMessage(topic, new TextEncoder().encode(payload), { now, retain: true });
      if (!parsed.ok || parsed.value.kind !== "alarm") throw new Error(JSON.stringify(parsed));
      return parsed.value.event;
    });
  const told = () =>
    events().map((event) => (event === null ? "removed" : `${event.state} ${event.severity}`));

  beforeEach(async () => {
    collection = await (await embeddedStorage()).collection<PromiseDocument>("objectives", OBJECTIVE_INDEXES);
    now = START;
    unavailable = new Map([[STREAM, 0]]);
    observedMs = 3 * 86_400_000;
    published = [];
    connected = true;
    yaml = `defaults: {objectives: ${ONLY_AVAILABILITY}}`;
    promised.mockClear();
  });

  it("raises one alarm in plain words when both windows burn, and clears it when they do not", async () => {
    const objectives = await begin();
    await pass(objectives, 5);
    expect(objectives.report(STREAM, now)).toEqual([
      {
        id: "slo-availability",
        measure: "availability",
        target: 0.99,
        window: "24h",
        actual: 1,
        budgetLeft: 1,
        burn: { short: 0, long: 0 },
        state: "ok",
      },
    ]);
    unavailable.set(STREAM, 0.08);
    await pass(objectives, 100);
    expect(published).toHaveLength(1);
    expect(published[0]).toMatchObject({ topic: TOPIC, retain: true });
    expect(events()[0]).toMatchObject({
      node: "desk",
      sensor: "temperature",
      rule: "slo-availability",
      state: "raised",
      severity: "critical",
      value: 92,
      limit: 99,
      unit: "%",
      seq: 1,
      message:
        "availability 92 % of 24 h, promised 99 %: the budget burns 8 times too fast (data product greenhouse-air 1.2.0)",
    });
    expect(objectives.report(STREAM, now)).toMatchObject([
      { state: "burning", severity: "critical", burn: { short: expect.closeTo(8), long: expect.closeTo(8) } },
    ]);
    unavailable.set(STREAM, 0.001);
    await pass(objectives, 100);
    expect(told()).toEqual(["raised critical", "cleared critical"]);
    expect(events()[1]).toMatchObject({
      seq: 2,
      message: expect.stringContaining("no longer burns") as string,
    });
    expect(objectives.report(STREAM, now)).toMatchObject([{ state: "ok" }]);
  });

  it("says of a window that is not yet full how much of it was watched", async () => {
    unavailable.set(STREAM, 0.5);
    observedMs = 40 * 60_000;
    await pass(await begin(), 15);
    expect(events()[0]?.message).toContain(
      "availability 50 % of the 40 min watched, promised 99 % of 24 h: the budget burns 33 times too fast",
    );
  });

  it("is never more severe than it is configured, and a slow burn is a warning", async () => {
    yaml = `
defaults: {objectives: ${ONLY_AVAILABILITY}}
streams: {env_desk_door: {objectives: {availability: {severity: info}}}}
`;
    unavailable.set(STREAM, 0.03); // 3 times too fast: slow
    unavailable.set("env_desk_door", 0.5);
    const objectives = await begin();
    await pass(objectives, 15);
    expect(told()).toEqual(["raised warning", "raised info"]);
    unavailable.set(STREAM, 0.5);
    await pass(objectives, 15);
    expect(told()).toEqual(["raised warning", "raised info", "raised critical"]);
    expect(events()[2]).toMatchObject({ seq: 2, since: events()[0]?.since });
  });

  it("says unknown of a stream that is young", async () => {
    unavailable.set(STREAM, 1);
    observedMs = 60_000;
    const objectives = await begin();
    await pass(objectives, 30);
    expect(published).toEqual([]);
    expect(objectives.report(STREAM, now)).toMatchObject([
      { state: "unknown", burn: { short: null, long: null } },
    ]);
  });

  it("says exhausted of a budget that is gone, though nothing burns any more", async () => {
    const objectives = await begin();
    unavailable.set(STREAM, 0.011);
    await pass(objectives, 30);
    expect(published).toEqual([]);
    expect(objectives.report(STREAM, now)).toMatchObject([
      { state: "exhausted", budgetLeft: expect.closeTo(-0.1) },
    ]);
  });

  it("goes on with a standing alarm after a restart, under a greater boot", async () => {
    unavailable.set(STREAM, 0.5);
    const before = await begin();
    await pass(before, 15);
    await before.flush();
    const [raised] = events();
    published = [];
    now -= 3_600_000; // the clock was set back meanwhile
    const after = await begin();
    after.connected();
    await pass(after, 15);
    expect(events()).toEqual([raised]); // with the numbers it had, and no second raise
    unavailable.set(STREAM, 0);
    await pass(after, 100);
    expect(told()).toEqual(["raised critical", "cleared critical"]);
    expect(events()[1]?.boot).toBeGreaterThan(raised?.boot ?? 0);
  });

  it("publishes when there is a connection what it could not before, and all again at each connect", async () => {
    connected = false;
    unavailable.set(STREAM, 0.5);
    const objectives = await begin();
    await pass(objectives, 20);
    expect(published).toEqual([]);
    connected = true;
    await pass(objectives, 2);
    expect(told()).toEqual(["raised critical"]);
    objectives.connected();
    await pass(objectives, 2);
    expect(events()[1]).toEqual(events()[0]);
  });

  it("takes away the alarm of what is promised no more, and of a stream that is gone", async () => {
    unavailable.set(STREAM, 0.5);
    unavailable.set("env_desk_door", 0.5);
    const objectives = await begin();
    await pass(objectives, 15);
    yaml = `
defaults: {objectives: ${ONLY_AVAILABILITY}}
streams: {${STREAM}: {objectives: {availability: false}}}
`;
    changed();
    await pass(objectives, 1);
    expect(published.at(-1)).toEqual({ topic: TOPIC, payload: "", retain: true });
    unavailable.delete("env_desk_door");
    await pass(objectives, 2);
    expect(published.at(-1)).toMatchObject({
      topic: "mesh/alarm/env_desk_door/slo-availability",
      payload: "",
    });
    await objectives.flush();
    expect(await collection.count("id")).toBe(1); // its boot
  });

  it("tells the meters what is promised, anew when it changes", async () => {
    yaml = "defaults: {objectives: {availability: {within: 7s}}}";
    const objectives = await begin();
    await pass(objectives, 1);
    expect(promised).toHaveBeenLastCalledWith(STREAM, { freshWithinMs: 7_000, timelyWithinMs: 10_000 });
    yaml = "defaults: {objectives: {timeliness: false}}";
    changed();
    await pass(objectives, 1);
    expect(promised).toHaveBeenLastCalledWith(STREAM, {});
  });

  it("looks at each of very many streams within 10 s", async () => {
    for (let n = 0; n < 5_000; n++) unavailable.set(`env_n-${n}_t`, 0);
    const objectives = await begin();
    const states: string[] = [];
    objectives.onState((stream) => states.push(stream));
    await pass(objectives, 11);
    for (const stream of unavailable.keys()) unavailable.set(stream, 0.011);
    await pass(objectives, 11);
    expect(new Set(states).size).toBe(unavailable.size);
  });
});
