import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fitName, NAME, parseName, parseStreamName, streamName } from "./names.js";
import { buildTopic, CONSUMER_FILTERS, parseTopic, type Topic } from "./topics.js";

const name = fc.stringMatching(/^[a-z0-9][a-z0-9-]{0,31}$/);
const domain = name.filter((text) => parseName("domain", text).ok);
const node = name.filter((text) => parseName("node", text).ok);
const sensor = name.filter((text) => parseName("sensor", text).ok);
const legacy = fc.stringMatching(/^[a-z0-9][a-z0-9_-]{0,31}$/);
const id = fc.stringMatching(/^[a-zA-Z0-9_-]{1,100}$/);
const topic: fc.Arbitrary<Topic> = fc.oneof(
  fc.record({ kind: fc.constant("raw" as const), domain, node, sensor }),
  fc.record({ kind: fc.constant("event" as const), domain, node, sensor, rule: name }),
  fc.record({ kind: fc.constantFrom("birth" as const, "status" as const, "stats" as const), domain, node }),
  fc.record({ kind: fc.constantFrom("command" as const, "reply" as const), domain, node, name }),
  fc.record({ kind: fc.constantFrom("product" as const, "compliance" as const), id }),
  fc.record({ kind: fc.constant("quality" as const), stream: id }),
  fc.record({ kind: fc.constant("alarm" as const), stream: id, rule: name }),
  fc.record({
    kind: fc.constant("ack" as const),
    domain,
    node,
    sensor: fc.oneof(sensor, fc.constant("node")), // of the node itself
    rule: name,
  }),
  fc
    .record({
      kind: fc.constant("legacy-raw" as const),
      domain,
      sensor: legacy.filter((text) => parseName("sensor", text.replaceAll("_", "-")).ok),
    })
    .filter(({ sensor: text }) => text !== "event"),
  fc.record({ kind: fc.constant("legacy-event" as const), domain, type: legacy }),
);

describe("topics", () => {
  it("build and parse are inverses", () => {
    fc.assert(
      fc.property(topic, (built) => {
        expect(parseTopic(buildTopic(built))).toEqual({ ok: true, value: built });
      }),
      { numRuns: 500 },
    );
  });

  it("parse and build are inverses of whatever is taken", () => {
    const level = fc.oneof(
      name,
      legacy,
      fc.constantFrom("env", "event", "raw", "cmd", "reply", "mesh", "ack", "status"),
    );
    fc.assert(
      fc.property(fc.array(level, { minLength: 1, maxLength: 7 }), (levels) => {
        const text = levels.join("/");
        const parsed = parseTopic(text);
        if (parsed.ok) expect(buildTopic(parsed.value)).toBe(text);
      }),
      { numRuns: 1_000 },
    );
  });

  it("are all covered by what a consumer subscribes to, where they are for it", () => {
    const matches = (filter: string, text: string) => {
      const [f, t] = [filter.split("/"), text.split("/")];
      if (f.at(-1) !== "#" && f.length !== t.length) return false;
      return f.every((part, i) => part === "#" || part === "+" || part === t[i]);
    };
    const filters = Object.values(CONSUMER_FILTERS).flat();
    const notForConsumers = new Set(["command", "product", "compliance", "quality"]);
    fc.assert(
      fc.property(
        topic.filter(({ kind }) => !notForConsumers.has(kind)),
        (built) => {
          expect(filters.some((filter) => matches(filter, buildTopic(built)))).toBe(true);
        },
      ),
    );
  });

  it("of another form, or too long, are refused", () => {
    for (const text of [
      "",
      "/",
      "env",
      "env/desk",
      "env/desk/temperature",
      "env//temperature/raw",
      "env/desk/a/b/raw",
      "mesh/ack/env",
      "$SYS/broker/uptime",
      "env/desk/cmd/x/y",
      `env/${"a/".repeat(200)}`,
    ]) {
      expect(parseTopic(text).ok, text).toBe(false);
    }
  });
});

describe("names", () => {
  it("outside the grammar are refused", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme", maxLength: 40 }), (text) => {
        expect(parseName("rule", text).ok).toBe(/^[a-z0-9][a-z0-9-]{0,31}$/.test(text));
      }),
      { numRuns: 500 },
    );
    for (const value of [undefined, null, 7, {}, "a\n", "ä", "-a", "a".repeat(33), ""])
      expect(parseName("node", value).ok).toBe(false);
  });

  it("that are reserved are refused where they are reserved", () => {
    expect(parseName("domain", "mesh")).toMatchObject({ ok: false, cause: "reserved" });
    expect(parseName("node", "event")).toMatchObject({ ok: false, cause: "reserved" });
    expect(parseName("sensor", "cmd")).toMatchObject({ ok: false, cause: "reserved" });
    expect(parseName("node", "mesh").ok).toBe(true);
  });

  it("are made of any text", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), (text) => {
        expect(fitName(text)).toMatch(NAME);
      }),
    );
    expect(fitName("Pi in the Küche.local")).toBe("pi-in-the-k-che-local");
  });

  it("of a stream come back out of its name", () => {
    fc.assert(
      fc.property(domain, node, sensor, (d, n, s) => {
        const stream = { domain: d, node: n, sensor: s };
        expect(parseStreamName(streamName(stream))).toEqual({ ok: true, value: stream });
      }),
    );
    for (const text of ["env_desk", "env_desk_a_b", "Env_desk_a", "__"])
      expect(parseStreamName(text).ok).toBe(false);
  });
});
