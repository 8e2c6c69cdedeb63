import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  encodeAck,
  encodeBirth,
  encodeCommand,
  encodeEvent,
  encodeQuality,
  encodeReading,
  encodeReply,
  encodeStats,
  encodeStatus,
} from "./encode.js";
import { type Message, parseMessage } from "./message.js";
import type {
  Ack,
  AlarmEvent,
  Birth,
  BirthSensor,
  Command,
  Reading,
  Reply,
  Stats,
  Status,
} from "./messages.js";
import { SEVERITIES } from "./messages.js";
import { type NameKind, parseName } from "./names.js";
import type { Parsed } from "./parsed.js";
import { MAX_PAYLOAD_BYTES } from "./payload.js";
import { MEASURES, QUALITY_WINDOWS, type QualityReport, type WindowQuality } from "./quality.js";
import { buildTopic, type Topic } from "./topics.js";

const NOW = 1_763_640_000_123;
const bytes = (text: string) => new TextEncoder().encode(text);
const parse = (topic: string, payload: string | Uint8Array, retain = false): Parsed<Message> =>
  parseMessage(topic, typeof payload === "string" ? bytes(payload) : payload, { now: NOW, retain });
const messageIn = (parsed: Parsed<Message>): Message => {
  if (!parsed.ok) throw new Error(`${parsed.cause}: ${parsed.detail}`);
  return parsed.value;
};

const name = (kind: NameKind) =>
  fc.stringMatching(/^[a-z0-9][a-z0-9-]{0,31}$/).filter((text) => parseName(kind, text).ok);
const stream = fc.record({ domain: name("domain"), node: name("node"), sensor: name("sensor") });
const time = fc.integer({ min: 0, max: 4e12 });
const count = fc.nat();
const seq = fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER });
// JSON has no -0.
const number = fc.double({ noNaN: true, noDefaultInfinity: true }).map((n) => (Object.is(n, -0) ? 0 : n));
const value = fc.oneof(number, fc.boolean());
const unit = fc.constantFrom("Cel", "%RH", "lx", "ppm", "1", "B");
const text = fc.string({ maxLength: 50 });
const optional = <T extends object>(whole: fc.Arbitrary<T>, keys: (keyof T)[]) =>
  fc.tuple(whole, fc.subarray(keys)).map(([all, kept]) => {
    const entries = Object.entries(all).filter(
      ([key]) => !keys.includes(key as keyof T) || kept.includes(key as keyof T),
    );
    return Object.fromEntries(entries) as Partial<T>;
  });
const backfill = fc.constant(true as const);

const readingOf = (of: { node: string; sensor: string }) =>
  optional(
    fc.record({
      value,
      unit,
      timestamp: time,
      boot: seq,
      seq,
      quality: fc.constant("uncertain" as const),
      reason: text,
      backfill,
    }),
    ["quality", "reason", "backfill"],
  ).map((rest) => ({ node: of.node, sensor: of.sensor, ...rest }) as Reading);
const eventOf = (of: { node: string; sensor: string }, rule: string) =>
  optional(
    fc.record({
      state: fc.constantFrom("raised" as const, "cleared" as const),
      severity: fc.constantFrom(...SEVERITIES),
      value: fc.oneof(value, fc.constant(null)),
      limit: value,
      unit,
      timestamp: time,
      since: time,
      boot: count,
      seq: count,
      message: text,
      backfill,
    }),
    ["limit", "backfill"],
  ).map((rest) => ({ node: of.node, sensor: of.sensor, rule, ...rest }) as AlarmEvent);
const base = { id: name("rule"), severity: fc.constantFrom(...SEVERITIES) };
const rule = fc.oneof(
  fc.record({ ...base, kind: fc.constantFrom("above" as const, "below" as const), limit: number }),
  fc.record({ ...base, kind: fc.constant("outside" as const), low: fc.constant(-3), high: fc.nat() }),
  fc.record({ ...base, kind: fc.constant("equals" as const), value }),
  fc.record({ ...base, kind: fc.constant("stuck" as const), forMs: fc.integer({ min: 1, max: 9_000 }) }),
  fc.record({ ...base, kind: fc.constant("missing" as const), afterMs: fc.integer({ min: 1, max: 9_000 }) }),
);
const birthSensor = optional(
  fc.record({
    id: name("sensor"),
    label: text,
    type: text,
    unit,
    range: fc.constant({ min: -40, max: 80 }),
    intervalMs: fc.integer({ min: 1, max: 1e6 }),
    maxSilenceMs: fc.integer({ min: 1, max: 1e6 }),
    driver: text,
    rules: fc.array(rule, { maxLength: 3 }),
  }),
  ["label", "range", "maxSilenceMs"],
).map((sensor) => sensor as BirthSensor);
const birthOf = (of: { domain: string; node: string }) =>
  fc
    .record({
      boot: count,
      version: text,
      host: text,
      startedAt: time,
      sensors: fc.array(birthSensor, { maxLength: 3 }),
    })
    .map((rest): Birth => ({ node: of.node, domain: of.domain, ...rest }));
const status = optional(
  fc.record({
    state: fc.constantFrom("online" as const, "offline" as const),
    boot: count,
    conn: count,
    timestamp: time,
    reason: text,
  }),
  ["reason"],
).map((whole) => whole as Status);
const range = fc
  .tuple(fc.integer({ min: 1, max: 1e12 }), fc.nat(9))
  .map(([from, length]): [number, number] => [from, from + length]);
const account = fc.record({
  read: count,
  suppressed: count,
  lastSeq: count,
  dropped: fc.array(
    range.map(([a, b]): [number, number, string] => [a, b, "full"]),
    { maxLength: 3 },
  ),
  held: fc.array(range, { maxLength: 3 }),
  keptFrom: count,
});
const sensorStats = fc
  .tuple(
    account,
    fc.record({
      bad: count,
      state: fc.constantFrom("ok" as const, "failed" as const, "restarting" as const),
    }),
  )
  .map(([a, b]) => ({ ...a, ...b }));
const stats: fc.Arbitrary<Stats> = fc.record({
  boot: count,
  timestamp: time,
  sensors: fc.dictionary(name("sensor"), sensorStats, { maxKeys: 3, noNullPrototype: true }),
  log: fc.record({ bytes: count, oldest: fc.option(time) }),
  previous: fc.array(
    fc.record({
      boot: count,
      sensors: fc.dictionary(name("sensor"), account, { maxKeys: 2, noNullPrototype: true }),
    }),
    { maxLength: 2 },
  ),
});
const id = fc.string({ minLength: 1, maxLength: 60 });
const json = fc.jsonValue().map((whole) => JSON.parse(JSON.stringify(whole)) as unknown);
const ack = optional(fc.record({ boot: count, seq: count, by: text, at: time, note: text }), ["note"]).map(
  (whole) => whole as Ack,
);
const reply: fc.Arbitrary<Reply> = fc.oneof(
  fc.record({ id, ok: fc.constant(true as const), result: json }),
  fc.record({ id, ok: fc.constant(false as const), error: fc.record({ code: text, message: text }) }),
);

const share = fc.option(fc.double({ min: 0, max: 1, noNaN: true }).map((n) => n || 0));
const windowQuality: fc.Arbitrary<WindowQuality> = fc.record({
  observedMs: count,
  expected: count,
  received: count,
  completeness: share,
  validity: share,
  invalidBy: fc.record({ unit: count, range: count }, { requiredKeys: [], noNullPrototype: true }),
  availability: share,
  timeliness: fc.option(fc.record({ p50: count, p95: count, p99: count })),
  rate: share,
  duplicates: count,
  outOfOrder: count,
  bad: count,
  badBy: fc.dictionary(name("sensor"), count, { maxKeys: 2, noNullPrototype: true }),
});
const qualityOf = (of: string): fc.Arbitrary<QualityReport> =>
  fc.record({
    stream: fc.constant(of),
    timestamp: time,
    freshness: fc.record({
      at: fc.option(time),
      ageMs: fc.option(count),
      withinMs: count,
      fresh: fc.boolean(),
    }),
    clock: fc.option(fc.record({ offsetMs: fc.integer(), off: fc.boolean() })),
    windows: fc.record({
      "1m": windowQuality,
      "1h": windowQuality,
      "24h": windowQuality,
      "30d": windowQuality,
    }),
    objectives: fc.array(
      fc.record({
        id: fc.constant("slo-availability"),
        measure: fc.constantFrom(...MEASURES),
        target: count,
        window: fc.constantFrom(...QUALITY_WINDOWS),
        actual: share,
        budgetLeft: share,
        burn: fc.record({ short: share, long: share }),
        state: fc.constantFrom("ok" as const, "burning" as const, "exhausted" as const, "unknown" as const),
      }),
      { maxLength: 2 },
    ),
    configuration: count,
  });

describe("every valid message survives encode and parse", () => {
  const survives = (topic: Topic, payload: string, expected: Partial<Message>) => {
    expect(messageIn(parse(buildTopic(topic), payload))).toEqual(expected);
  };

  it("readings", () => {
    fc.assert(
      fc.property(
        stream.chain((of) => fc.tuple(fc.constant(of), readingOf(of))),
        ([of, reading]) => {
          survives({ kind: "raw", ...of }, encodeReading(reading), {
            kind: "reading",
            stream: of,
            reading,
            accounted: true,
          });
        },
      ),
    );
  });

  it("events", () => {
    const cases = fc
      .tuple(stream, name("rule"))
      .chain(([of, id]) => fc.tuple(fc.constant(of), fc.constant(id), eventOf(of, id)));
    fc.assert(
      fc.property(cases, ([of, id, event]) => {
        survives({ kind: "event", rule: id, ...of }, encodeEvent(event), {
          kind: "event",
          stream: of,
          event,
        });
        const promise = { kind: "alarm" as const, stream: "env_a_b", rule: id };
        survives(promise, encodeEvent(event), { kind: "alarm", streamName: "env_a_b", rule: id, event });
      }),
    );
  });

  it("births, statuses and stats", () => {
    const cases = stream.chain((of) => fc.tuple(fc.constant(of), birthOf(of), status, stats));
    fc.assert(
      fc.property(cases, ([{ domain, node }, aBirth, aStatus, someStats]) => {
        survives({ kind: "birth", domain, node }, encodeBirth(aBirth), {
          kind: "birth",
          domain,
          node,
          birth: aBirth,
        });
        survives({ kind: "status", domain, node }, encodeStatus(aStatus), {
          kind: "status",
          domain,
          node,
          status: aStatus,
        });
        survives({ kind: "stats", domain, node }, encodeStats(someStats), {
          kind: "stats",
          domain,
          node,
          stats: someStats,
        });
      }),
    );
  });

  it("what was measured", () => {
    fc.assert(
      fc.property(qualityOf("env_desk_door"), (report) => {
        survives({ kind: "quality", stream: report.stream }, encodeQuality(report), {
          kind: "quality",
          streamName: report.stream,
          report,
        });
        survives({ kind: "quality", stream: report.stream }, "", {
          kind: "quality",
          streamName: report.stream,
          report: null,
        });
        const other = parse("mesh/quality/env_desk_light", encodeQuality(report));
        expect(other).toMatchObject({ ok: false, cause: "mismatch", field: "stream" });
      }),
    );
  });

  it("commands, replies and acknowledgements", () => {
    const of = { domain: "env", node: "desk" };
    fc.assert(
      fc.property(id, name("rule"), json, text, reply, ack, (anId, aName, args, by, aReply, anAck) => {
        const command: Command = { id: anId, name: aName, args, by };
        survives({ kind: "command", ...of, name: aName }, encodeCommand(command), {
          kind: "command",
          ...of,
          name: aName,
          command,
        });
        survives({ kind: "reply", ...of, name: aName }, encodeReply(aReply), {
          kind: "reply",
          ...of,
          name: aName,
          reply: aReply,
        });
        const sensor = { ...of, sensor: "door" };
        survives({ kind: "ack", rule: "open", ...sensor }, encodeAck(anAck), {
          kind: "ack",
          stream: sensor,
          rule: "open",
          ack: anAck,
        });
      }),
    );
  });
});

describe("no input crashes a parser", () => {
  const level = fc.oneof(
    fc.constantFrom(
      "env",
      "mesh",
      "event",
      "raw",
      "birth",
      "status",
      "stats",
      "cmd",
      "reply",
      "alarm",
      "ack",
      "quality",
      "",
      "+",
      "#",
    ),
    fc.string({ maxLength: 8 }),
  );
  const anyTopic = fc.oneof(
    fc.array(level, { maxLength: 8 }).map((levels) => levels.join("/")),
    fc.string({ unit: "binary" }),
  );
  const known = fc.constantFrom(
    "env/desk/temperature/raw",
    "env/temperature/raw",
    "env/event/desk/temperature/too-hot",
    "env/event/too_hot",
    "env/desk/birth",
    "env/desk/status",
    "env/desk/stats",
    "env/desk/cmd/resend",
    "env/desk/cmd/resend/reply",
    "mesh/ack/env/desk/temperature/too-hot",
    "mesh/alarm/env_desk_temperature/slo-late",
    "mesh/quality/env_desk_temperature",
    "mesh/product/env_desk_temperature",
  );
  const keys = fc.constantFrom(
    "value",
    "timestamp",
    "boot",
    "seq",
    "node",
    "sensor",
    "sensors",
    "rules",
    "state",
    "previous",
    "__proto__",
    "constructor",
  );
  const nearly = fc
    .dictionary(keys, fc.jsonValue(), { noNullPrototype: true })
    .map((body) => bytes(JSON.stringify(body)));
  const payload = fc.oneof(fc.uint8Array({ maxLength: 200 }), fc.json().map(bytes), nearly);

  it("whatever the topic, the bytes and the retain flag", () => {
    fc.assert(
      fc.property(fc.oneof(known, anyTopic), payload, fc.boolean(), (topic, body, retain) => {
        const parsed = parseMessage(topic, body, { now: NOW, retain });
        if (!parsed.ok) {
          expect(parsed.detail).not.toBe("");
          expect(parsed.detail.length).toBeLessThan(500);
        }
      }),
      { numRuns: 2_000 },
    );
  });

  it("nor deeply nested JSON", () => {
    expect(parse("env/desk/temperature/raw", "[".repeat(2_000)).ok).toBe(false);
    const deep = `{"value":${"[".repeat(1_500)}${"]".repeat(1_500)}}`;
    expect(parse("env/desk/temperature/raw", deep)).toMatchObject({ ok: false, cause: "field" });
  });
});

describe("what is refused, and by which name", () => {
  const topic = "env/desk/temperature/raw";
  const good = {
    node: "desk",
    sensor: "temperature",
    value: 21,
    unit: "Cel",
    timestamp: NOW,
    boot: 5,
    seq: 7,
  };
  const refusals: [
    what: string,
    topic: string,
    payload: string | Uint8Array,
    retain: boolean,
    cause: string,
    field?: string,
  ][] = [
    ["ill-formed UTF-8", topic, new Uint8Array([0x22, 0xff, 0x22]), false, "utf8"],
    ["a byte order mark", topic, new Uint8Array([0xef, 0xbb, 0xbf, 0x31]), false, "json"],
    ["no JSON", topic, "21,5", false, "json"],
    ["too large", topic, " ".repeat(MAX_PAYLOAD_BYTES.raw + 1), false, "size"],
    ["another node's reading", topic, JSON.stringify({ ...good, node: "other" }), false, "mismatch", "node"],
    [
      "another sensor's reading",
      topic,
      JSON.stringify({ ...good, sensor: "light" }),
      false,
      "mismatch",
      "sensor",
    ],
    ["a text for a value", topic, JSON.stringify({ ...good, value: "21" }), false, "field", "value"],
    ["an endless value", topic, '{"value":1e999}', false, "field", "value"],
    ["null of good quality", topic, JSON.stringify({ ...good, value: null }), false, "field", "value"],
    ["a broken seq", topic, JSON.stringify({ ...good, seq: 1.5 }), false, "field", "seq"],
    ["seq 0", topic, JSON.stringify({ ...good, seq: 0 }), false, "field", "seq"],
    ["boot without seq", topic, JSON.stringify({ ...good, seq: undefined }), false, "field", "seq"],
    ["a negative boot", topic, JSON.stringify({ ...good, boot: -1 }), false, "field", "boot"],
    ["no unit", topic, JSON.stringify({ ...good, unit: undefined }), false, "field", "unit"],
    ["a time beyond dates", topic, JSON.stringify({ ...good, timestamp: 9e15 }), false, "field", "timestamp"],
    ["a retained reading", topic, JSON.stringify(good), true, "retained"],
    ["a retained command", "env/desk/cmd/time", '{"id":"1","by":"x"}', true, "retained"],
    ["capitals in a name", "env/Desk/temperature/raw", "1", false, "name"],
    ["a reserved sensor", "env/desk/stats/raw", "1", false, "reserved"],
    ["a reserved domain", "api/desk/temperature/raw", "1", false, "reserved"],
    [
      "another's birth",
      "env/desk/birth",
      '{"node":"x","domain":"env","boot":1,"version":"","host":"","startedAt":0,"sensors":[]}',
      true,
      "mismatch",
      "node",
    ],
    [
      "a range backwards",
      "env/desk/stats",
      '{"boot":1,"timestamp":1,"sensors":{"a":{"read":1,"suppressed":0,"lastSeq":1,"dropped":[],"held":[[2,1]],"keptFrom":1,"bad":0,"state":"ok"}},"log":{"bytes":0,"oldest":null},"previous":[]}',
      true,
      "field",
      "sensors.a.held[0]",
    ],
  ];

  it.each(refusals)("%s", (_what, onTopic, payload, retain, cause, field) => {
    const parsed = parse(onTopic, payload, retain);
    expect(parsed).toMatchObject({ ok: false, cause, ...(field === undefined ? {} : { field }) });
  });

  it("says what is wrong in one sentence", () => {
    const parsed = parse("env/desk/status", '{"state":"up","boot":1,"conn":1,"timestamp":1}');
    expect(parsed).toMatchObject({
      detail: 'state "up": expected one of "online"|"offline"',
      field: "state",
    });
  });
});

describe("what is accepted liberally", () => {
  const reading = (topic: string, payload: string) => {
    const message = messageIn(parse(topic, payload));
    if (message.kind !== "reading") throw new Error(message.kind);
    return message;
  };

  it("a bare number, as of now", () => {
    expect(reading("env/desk/temperature/raw", "21.5")).toEqual({
      kind: "reading",
      accounted: false,
      stream: { domain: "env", node: "desk", sensor: "temperature" },
      reading: {
        node: "desk",
        sensor: "temperature",
        value: 21.5,
        unit: "Cel",
        timestamp: NOW,
        boot: 0,
        seq: NOW,
      },
    });
    expect(reading("env/desk/door/raw", "true").reading).toMatchObject({ value: true, unit: "1" });
  });

  it("a value alone, with a unit and a time where it has them", () => {
    expect(reading("env/desk/power/raw", '{"value":40,"unit":"W","timestamp":1000}').reading).toMatchObject({
      value: 40,
      unit: "W",
      timestamp: 1000,
      boot: 0,
      seq: 1000,
    });
  });

  it("the older form: underscore, no node, ISO time", () => {
    const body = '{"sensor":"air_quality","value":900,"timestamp":"2025-11-20T12:00:00.123Z"}';
    expect(reading("env/air_quality/raw", body)).toMatchObject({
      accounted: false,
      stream: { domain: "env", node: "legacy", sensor: "air-quality" },
      reading: { unit: "ppm", timestamp: NOW, seq: NOW },
    });
  });

  it("takes a time without a zone as the time of arrival", () => {
    const body = '{"sensor":"light","value":90,"timestamp":"1999-01-01T00:00:00.123456","node":"edge_1"}';
    expect(reading("env/light/raw", body)).toMatchObject({
      stream: { node: "edge-1" },
      reading: { unit: "lx", timestamp: NOW },
    });
    expect(
      reading("env/light/raw", '{"value":1,"timestamp":"2025-11-20T14:00:00.123+0200"}').reading.timestamp,
    ).toBe(NOW);
    expect(parse("env/light/raw", '{"value":1,"timestamp":"yesterday"}')).toMatchObject({
      field: "timestamp",
    });
  });

  it("the older event, which ends a minute after its last repeat", () => {
    const body = '{"sensor":"temperature","value":33,"node":"edge-1","event":"Temperature too high!"}';
    expect(messageIn(parse("env/event/overheat", body))).toMatchObject({
      kind: "event",
      stream: { domain: "env", node: "edge-1", sensor: "temperature" },
      event: {
        rule: "overheat",
        state: "raised",
        boot: 0,
        seq: NOW,
        value: 33,
        message: "Temperature too high!",
      },
      legacyExpiresAt: NOW + 60_000,
    });
    expect(parse("env/event/overheat", body, true)).toMatchObject({ cause: "retained" });
  });

  it("an emptied retained topic as a removal", () => {
    expect(messageIn(parse("env/desk/birth", "", true))).toMatchObject({ kind: "birth", birth: null });
    expect(messageIn(parse("env/desk/status", ""))).toMatchObject({ status: null });
    expect(messageIn(parse("env/event/desk/temperature/too-hot", ""))).toMatchObject({
      kind: "event-removed",
      rule: "too-hot",
    });
    expect(messageIn(parse("mesh/ack/env/desk/temperature/too-hot", ""))).toMatchObject({ ack: null });
  });

  it("a command without arguments, named by its topic", () => {
    expect(messageIn(parse("env/desk/cmd/time", '{"id":"1","by":"me"}'))).toMatchObject({
      command: { id: "1", name: "time", args: {}, by: "me" },
    });
  });

  it("fields that a later version may add", () => {
    expect(
      messageIn(parse("env/desk/status", '{"state":"online","boot":1,"conn":1,"timestamp":1,"mood":"good"}')),
    ).toEqual({
      kind: "status",
      domain: "env",
      node: "desk",
      status: { state: "online", boot: 1, conn: 1, timestamp: 1 },
    });
  });
});
