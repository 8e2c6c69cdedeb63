import type { AlarmEvent, Stream } from "@fieldmesh/protocol";
import fc from "fast-check";
import { expect, it } from "vitest";
import { embeddedStorage } from "../testing/embedded.js";
import { EVENT_INDEXES, type EventDocument, EventHistory, type EventQuery } from "./event-history.js";

async function history(): Promise<EventHistory> {
  const collection = await (await embeddedStorage()).collection<EventDocument>("events", EVENT_INDEXES);
  return new EventHistory({ collection });
}

const stream = (node: string, sensor: string): Stream => ({ domain: "env", node, sensor });

function event(fields: Partial<AlarmEvent>): AlarmEvent {
  return {
    node: "greenhouse",
    sensor: "temperature",
    rule: "too-hot",
    state: "raised",
    severity: "warning",
    value: 31,
    limit: 30,
    unit: "Cel",
    timestamp: 1_000,
    since: 1_000,
    boot: 7,
    seq: 1,
    message: "temperature above 30 °C",
    ...fields,
  };
}

it("keeps an event once, however often a node tells of it", async () => {
  const events = await history();
  for (let round = 0; round < 2; round++) {
    events.record({
      stream: stream("greenhouse", "temperature"),
      event: event({}),
      arrivedAt: 1_100 + round,
    });
    await events.flush();
  }
  const { items } = await events.find({ limit: 10 });
  expect(items).toHaveLength(1);
  expect(items[0]).toMatchObject({ stream: "env_greenhouse_temperature", at: 1_000, arrivedAt: 1_100 });
  expect(await events.count()).toBe(1);
});

it("takes the error of the node's clock out of the time", async () => {
  const events = await history();
  const offsetMs = 3_600_000;
  events.record(
    { stream: stream("a", "b"), event: event({ timestamp: 5_000 + offsetMs }), arrivedAt: 5_001 },
    offsetMs,
  );
  await events.flush();
  expect((await events.find({ limit: 1 })).items[0]?.at).toBe(5_000);
});

it("removes those before a time and no others", async () => {
  const events = await history();
  for (let seq = 1; seq <= 30; seq++) {
    events.record({ stream: stream("a", "b"), event: event({ seq, timestamp: seq }), arrivedAt: seq });
  }
  await events.flush();
  expect(await events.prune(21)).toBe(20);
  expect((await events.find({ limit: 100 })).items.map(({ at }) => at)).toEqual([
    30, 29, 28, 27, 26, 25, 24, 23, 22, 21,
  ]);
});

it("finds, page by page and newest first, exactly those that meet every filter", async () => {
  const some = <T>(...values: T[]) => fc.constantFrom(...values);
  const told = fc.record({
    node: some("a", "b"),
    sensor: some("x", "y"),
    rule: some("hot", "cold"),
    state: some<AlarmEvent["state"]>("raised", "cleared"),
    severity: some<AlarmEvent["severity"]>("info", "critical"),
    timestamp: fc.integer({ min: 0, max: 50 }),
  });
  const optional = <T>(values: fc.Arbitrary<T>) => fc.option(values, { nil: undefined });
  const query = fc.record({
    stream: optional(some("env_a_x", "env_b_y")),
    domain: optional(some("env", "other")),
    node: optional(some("a", "b")),
    rule: optional(some("hot")),
    state: optional(some<AlarmEvent["state"]>("raised")),
    severity: optional(some<AlarmEvent["severity"]>("critical")),
    from: optional(fc.integer({ min: 0, max: 50 })),
    to: optional(fc.integer({ min: 0, max: 50 })),
    limit: fc.integer({ min: 1, max: 7 }),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(told, { maxLength: 40 }), query, async (given, asked: EventQuery) => {
      const storage = await embeddedStorage();
      const collection = await storage.collection<EventDocument>("events", EVENT_INDEXES);
      const events = new EventHistory({ collection });
      given.forEach((fields, i) => {
        const one = event({ ...fields, seq: i + 1 });
        events.record({ stream: stream(fields.node, fields.sensor), event: one, arrivedAt: 99 });
      });
      await events.flush();
      const found: number[] = [];
      let after: string | undefined;
      do {
        const page = await events.find({ ...asked, after });
        expect(page.items.length).toBeLessThanOrEqual(asked.limit);
        found.push(...page.items.map((item) => item.event.seq));
        after = page.next;
      } while (after !== undefined);
      const expected = given
        .map((fields, i) => ({
          ...fields,
          domain: "env",
          stream: `env_${fields.node}_${fields.sensor}`,
          seq: i + 1,
        }))
        .filter((one) => asked.stream === undefined || one.stream === asked.stream)
        .filter((one) => asked.domain === undefined || one.domain === asked.domain)
        .filter((one) => asked.node === undefined || one.node === asked.node)
        .filter((one) => asked.rule === undefined || one.rule === asked.rule)
        .filter((one) => asked.state === undefined || one.state === asked.state)
        .filter((one) => asked.severity === undefined || one.severity === asked.severity)
        .filter(
          (one) =>
            one.timestamp >= (asked.from ?? 0) && one.timestamp < (asked.to ?? Number.POSITIVE_INFINITY),
        );
      expect(found.toSorted((one, other) => one - other)).toEqual(expected.map(({ seq }) => seq));
      const times = found.map((seq) => given[seq - 1]?.timestamp ?? 0);
      expect(times).toEqual(times.toSorted((one, other) => other - one));
    }),
    { numRuns: 30 },
  );
});
