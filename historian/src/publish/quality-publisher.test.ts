import {
  type ObjectiveReport,
  parseMessage,
  type QualityReport,
  type WindowQuality,
} from "@fieldmesh/protocol";
import { beforeEach, describe, expect, it } from "vitest";
import { quiet } from "../testing/quiet.js";
import { createQualityPublisher, type QualityPublisher } from "./quality-publisher.js";

const STREAM = "env_desk_temperature";
const START = 1_763_640_000_000;
const WINDOW: WindowQuality = {
  observedMs: 60_000,
  expected: 60,
  received: 60,
  completeness: 1,
  validity: 1,
  invalidBy: {},
  availability: 1,
  timeliness: null,
  rate: 1,
  duplicates: 0,
  outOfOrder: 0,
  bad: 0,
  badBy: {},
};

describe("what is published of quality", () => {
  let now: number;
  let readings: Map<string, number>;
  let fresh: boolean;
  let connected: boolean;
  let objectives: ObjectiveReport[];
  let stateChanged: (stream: string) => void;
  let published: { at: number; topic: string; payload: string; retain: boolean }[];
  let publisher: QualityPublisher;

  const measured = (
    stream: string,
    at: number,
  ): Omit<QualityReport, "objectives" | "configuration"> | undefined => {
    const received = readings.get(stream);
    if (received === undefined) return undefined;
    const window = { ...WINDOW, received, observedMs: at - START };
    return {
      stream,
      timestamp: at,
      freshness: { at: START, ageMs: at - START, withinMs: 3_000, fresh },
      clock: null,
      windows: { "1m": window, "1h": window, "24h": window, "30d": window },
    };
  };
  const pass = async (seconds: number) => {
    for (let n = 0; n < seconds; n++) {
      now += 1_000;
      publisher.tick(now);
      await new Promise(setImmediate); // publishes settle
    }
  };

  beforeEach(() => {
    now = START;
    readings = new Map([[STREAM, 1]]);
    fresh = true;
    connected = true;
    objectives = [];
    published = [];
    publisher = createQualityPublisher({
      measurement: { report: measured, streams: () => readings.keys() },
      objectives: {
        report: () => objectives,
        onState: (listener) => {
          stateChanged = listener;
          return () => {};
        },
      },
      configuration: {
        current: { version: 3, document: {} },
        contract: () => ({ product: "greenhouse-air", productVersion: "1.2.0" }),
      },
      publish: (topic, payload, { retain }) => {
        if (!connected) return Promise.reject(new Error("not connected"));
        published.push({ at: (now - START) / 1_000, topic, payload, retain });
        return Promise.resolve();
      },
      log: quiet,
    });
  });

  it("is the whole report, retained, as the wire knows it", async () => {
    const promise = { id: "slo-availability", measure: "availability" as const, target: 0.99 };
    const rest = {
      window: "24h" as const,
      actual: 1,
      budgetLeft: 1,
      burn: { short: 0, long: 0 },
      state: "ok" as const,
    };
    objectives = [{ ...promise, ...rest }];
    await pass(1);
    expect(published).toMatchObject([{ topic: `mesh/quality/${STREAM}`, retain: true }]);
    const payload = new TextEncoder().encode(published[0]?.payload);
    const parsed = parseMessage(`mesh/quality/${STREAM}`, payload, { now, retain: true });
    expect(parsed).toMatchObject({ ok: true, value: { kind: "quality", report: { configuration: 3 } } });
    if (!parsed.ok || parsed.value.kind !== "quality") return;
    // The promise of freshness is the birth's where the configuration does not say.
    expect(parsed.value.report?.objectives).toEqual([{ ...promise, withinMs: 3_000, ...rest }]);
  });

  it("is told every 10 s at most, and only when there is something new", async () => {
    await pass(15);
    expect(published.map(({ at }) => at)).toEqual([1]);
    readings.set(STREAM, 2);
    await pass(20);
    expect(published.map(({ at }) => at)).toEqual([1, 21]);
    for (let n = 0; n < 30; n++) {
      readings.set(STREAM, 3 + n);
      await pass(1);
    }
    expect(published.map(({ at }) => at)).toEqual([1, 21, 41, 51, 61]);
  });

  it("is told again every 2 minutes though nothing changes: so it is known that it is measured", async () => {
    await pass(300);
    expect(published.map(({ at }) => at)).toEqual([1, 121, 241]);
  });

  it("is told at once when a state changes", async () => {
    await pass(3);
    fresh = false;
    await pass(1);
    objectives = [];
    readings.set(STREAM, 2);
    stateChanged(STREAM);
    await pass(1);
    expect(published.map(({ at }) => at)).toEqual([1, 4, 5]);
  });

  it("is told again after a connect, and when it did not get through", async () => {
    connected = false;
    await pass(3);
    connected = true;
    await pass(1);
    expect(published).toHaveLength(1);
    publisher.connected();
    await pass(2);
    expect(published).toHaveLength(2);
  });

  it("is emptied when the stream is removed", async () => {
    await pass(1);
    publisher.connected();
    readings.delete(STREAM);
    await pass(2);
    expect(published.at(-1)).toMatchObject({ topic: `mesh/quality/${STREAM}`, payload: "", retain: true });
    const before = published.length;
    await pass(10);
    expect(published).toHaveLength(before);
  });

  it("of 10,000 streams is no burst", async () => {
    for (let n = 0; n < 10_000; n++) readings.set(`env_n-${n}_t`, n);
    await pass(60);
    const perSecond = new Map<number, number>();
    for (const { at } of published) perSecond.set(at, (perSecond.get(at) ?? 0) + 1);
    expect(Math.max(...perSecond.values())).toBeLessThanOrEqual(200);
    expect(new Set(published.map(({ topic }) => topic)).size).toBe(10_001);
  });
});
