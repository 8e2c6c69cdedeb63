import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ConfigFileError } from "@fieldmesh/runtime";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { loadNodeConfig } from "./load.js";
import { parseNodeConfig } from "./parse.js";

const FILE = "edge.yaml";

async function problems(text: string): Promise<string[]> {
  const error: unknown = await parseNodeConfig(text, { file: FILE }).catch((caught: unknown) => caught);
  if (!(error instanceof ConfigFileError)) throw new Error("expected a ConfigFileError", { cause: error });
  return error.message
    .split("\n")
    .slice(1)
    .map((line) => line.trim());
}

async function sensor(text: string) {
  const { sensors } = await parseNodeConfig(`sensors:\n  ${text}`, { file: FILE });
  return sensors[0];
}

describe("parseNodeConfig", () => {
  it("fills in everything from a sensor's name and its driver", async () => {
    expect(await parseNodeConfig("sensors: { temperature: simulated }", { file: FILE })).toMatchObject({
      domain: "env",
      sensors: [
        {
          id: "temperature",
          type: "temperature",
          valueType: "number",
          unit: "Cel",
          intervalMs: 1_000,
          scale: 1,
          offset: 0,
          qos: 1,
          driver: { kind: "simulated" },
        },
      ],
      log: {
        heldBytes: 268_435_456,
        heldMs: 604_800_000,
        replayBytes: 16_777_216,
        replayMs: 900_000,
        writeEveryMs: 500,
        flushEveryMs: 1_000,
      },
    });
  });

  it("has the limits of the classic four", async () => {
    const { sensors } = await loadNodeConfig("greenhouse");
    const limits = sensors.flatMap(({ id, rules }) =>
      rules.map((rule) => [id, rule.id, rule.kind, "limit" in rule ? rule.limit : undefined]),
    );
    expect(limits).toEqual([
      ["temperature", "too-hot", "above", 30],
      ["temperature", "too-cold", "below", 15],
      ["humidity", "too-humid", "above", 80],
      ["humidity", "too-dry", "below", 40],
      ["light", "too-dark", "below", 100],
      ["airquality", "poor-air", "above", 1_000],
      ["door", "left-open", "equals", undefined],
    ]);
  });

  it("reads every kind of rule in its short form; `for` holds in both directions", async () => {
    const read = await sensor(`water:
    driver: { kind: w1 }
    rules:
      a: { above: 30, clear: 29, for: 2s }
      b: { below: 5, for: 1m, clearFor: 0s, severity: critical }
      c: { outside: [5, 30], clear: [6, 29] }
      d: { equals: 0 }
      e: { rate: 5, per: 1m }
      f: { stuck: 10m, tolerance: 0.1 }
      g: { missing: 30s, severity: info }`);
    expect(read?.rules).toEqual([
      { id: "a", kind: "above", severity: "warning", limit: 30, clear: 29, forMs: 2_000, clearForMs: 2_000 },
      { id: "b", kind: "below", severity: "critical", limit: 5, forMs: 60_000, clearForMs: 0 },
      { id: "c", kind: "outside", severity: "warning", low: 5, high: 30, clearLow: 6, clearHigh: 29 },
      { id: "d", kind: "equals", severity: "warning", value: 0 },
      { id: "e", kind: "rate", severity: "warning", limit: 5, perMs: 60_000 },
      { id: "f", kind: "stuck", severity: "warning", forMs: 600_000, tolerance: 0.1 },
      { id: "g", kind: "missing", severity: "info", afterMs: 30_000 },
    ]);
  });

  it("lets a sensor's rules take the place of its type's, also with none", async () => {
    expect((await sensor("temperature: { driver: simulated, rules: {} }"))?.rules).toEqual([]);
    expect(
      (await sensor("temperature: { driver: simulated, rules: { hot: { above: 60 } } }"))?.rules,
    ).toHaveLength(1);
  });

  it("takes defaults from the node, the driver and the type, in this order", async () => {
    const { sensors } = await parseNodeConfig(
      `defaults: { interval: 7s, qos: 0 }
sensors:
  cpu: host
  water: { driver: w1, interval: 3s, qos: 1, deadband: 0.1, range: [0, 100] }
  door: { driver: { kind: mqtt, topic: a/b, maxAge: 1h } }`,
      { file: FILE },
    );
    expect(sensors).toMatchObject([
      { id: "cpu", label: "CPU", unit: "%", intervalMs: 7_000, qos: 0, range: { min: 0, max: 100 } },
      {
        unit: "Cel",
        intervalMs: 3_000,
        qos: 1,
        deadband: 0.1,
        maxSilenceMs: 60_000,
        range: { min: 0, max: 100 },
      },
      { valueType: "boolean", unit: "1", maxSilenceMs: 3_600_000 },
    ]);
  });

  it("lets the environment's names win over the file's", async () => {
    const text = "node: a\ndomain: lab\nsensors: { light: simulated }";
    expect(await parseNodeConfig(text, { file: FILE })).toMatchObject({ node: "a", domain: "lab" });
    expect(await parseNodeConfig(text, { file: FILE, node: "b", domain: "env" })).toMatchObject({
      node: "b",
      domain: "env",
    });
  });

  it("leaves out what is optional and not there", async () => {
    const text =
      "sensors: { eth: { type: network-rx, driver: { kind: host, interface: none0 }, optional: true }, cpu: host }";
    expect((await parseNodeConfig(text, { file: FILE })).sensors.map(({ id }) => id)).toEqual(["cpu"]);
  });

  it("tells all that is wrong at once: line, field, value and what is expected", async () => {
    expect(
      await problems(`nod: greenhouse
domain: Env!
defaults: { interval: 5 }
sensors:
  Temp: simulated
  temperature: simulate
  humidity:
    driver: { kind: simulated, sed: 3, noise: much }
    intervall: 5s
    range: [1, x]
  light:
    driver: simulated
    interval: 1ms
    rules:
      dark: { belw: 3 }
      dim: { below: 100, clear: 90 }
      both: { above: 3, below: 3 }
      odd: { outside: [5, 3] }
      fast: { rate: 5 }
      same: { stuck: 5m, for: 3s }
  door:
    driver: simulated
    scale: 2
    rules:
      x: { above: 3 }
  water: {}`),
    ).toEqual([
      'line 1: nod: unknown key; did you mean "node"?',
      'line 2: domain is "Env!": expected 1 to 32 of a-z, 0-9 and "-", not beginning with "-"',
      "line 3: defaults.interval is 5: expected a duration from 10 ms to 1 d, as 500ms, 2s, 5m, 1h or 7d",
      'line 5: sensors.Temp: expected 1 to 32 of a-z, 0-9 and "-", not beginning with "-"',
      'line 6: sensors.temperature is "simulate": expected one of exec, host, http, mqtt, replay, simulated, w1; did you mean "simulated"?',
      'line 8: sensors.humidity.driver.noise is "much": expected a number',
      'line 8: sensors.humidity.driver.sed: unknown key; did you mean "seed"?',
      'line 9: sensors.humidity.intervall: unknown key; did you mean "interval"?',
      'line 10: sensors.humidity.range[1] is "x": expected a number',
      'line 13: sensors.light.interval is "1ms": expected a duration from 10 ms to 1 d, as 500ms, 2s, 5m, 1h or 7d',
      'line 15: sensors.light.rules.dark.belw: unknown key; did you mean "below"?',
      "line 16: sensors.light.rules.dim.clear is 90: expected at least the limit, 100",
      'line 17: sensors.light.rules.both is {"above":3,"below":3}: expected exactly one of above, below, outside, equals, rate, stuck, missing',
      "line 18: sensors.light.rules.odd.outside is [5,3]: expected [low, high], low below high",
      'line 19: sensors.light.rules.fast.per: expected the time that "rate" counts in, as 1m',
      'line 20: sensors.light.rules.same.for is "3s": expected nothing here: beside "stuck" may stand tolerance, clearFor, severity',
      "line 23: sensors.door.scale: expected nothing: its values are true and false",
      "line 25: sensors.door.rules.x: expected equals: true, equals: false, stuck or missing: its values are true and false",
      "line 26: sensors.water.driver: missing: expected a driver: its name, or a map with its kind and options",
    ]);
  });

  it.each([
    ["a driver without its options", "water: mqtt", /line 2: sensors\.water\.topic: missing|sensors\.water/],
    [
      "a figure that there is none of",
      "cpuu: host",
      /sensors\.cpuu\.driver\.metric is "cpuu": expected one of cpu, /,
    ],
    ["a wildcard", "a: { driver: { kind: mqtt, topic: a/+ } }", /topic is "a\/\+": expected one topic/],
    [
      "a password in the file",
      "a: { driver: { kind: mqtt, topic: a, username: u, password: pw } }",
      /a secret does not stand in/,
    ],
    [
      "a password without a name",
      "a: { driver: { kind: mqtt, topic: a, password: { env: P } } }",
      /expected a username beside the password/,
    ],
    [
      "a path that is none",
      "a: { driver: { kind: http, url: http://h/, path: a..b } }",
      /path is "a\.\.b": expected a path into JSON/,
    ],
    [
      "a command as one text",
      "a: { driver: { kind: exec, command: ls -l } }",
      /command is "ls -l": expected a list/,
    ],
    [
      "a silence below the interval",
      "a: { driver: w1, deadband: 1, interval: 1m, maxSilence: 10s }",
      /no less than interval/,
    ],
    ["a reserved name", "status: simulated", /"status" is a reserved name|reserved/],
  ])("refuses %s", async (_case, text, expected) => {
    expect((await problems(`sensors:\n  ${text}`)).join("\n")).toMatch(expected);
  });

  it.each([
    ["a: [", /line 1: the file: not YAML/],
    ["node: a\nnode: b", /line 2: the file: not YAML: Map keys must be unique/],
    ["", /sensors: missing: expected at least one sensor/],
    ["- a", /the file is \["a"\]: expected a map/],
    ["sensors: [a]", /sensors is \["a"\]: expected a map/],
    [`a: &a [x,x,x,x,x,x,x,x]\nb: &b [${"*a,".repeat(99)}*a]\nc: [${"*b,".repeat(99)}*b]`, /alias/],
  ])("refuses %j", async (text, expected) => {
    expect((await problems(text)).join("\n")).toMatch(expected);
  });

  it("has every example of this repository right", async () => {
    const folder = new URL("../../examples/", import.meta.url);
    const names = readdirSync(folder);
    expect(names.length).toBeGreaterThan(5);
    for (const name of names) {
      const text = readFileSync(new URL(name, folder), "utf8");
      expect(text).toContain("# yaml-language-server: $schema=../schema/edge-config.schema.json");
      const { sensors } = await parseNodeConfig(text, { file: name });
      expect(sensors.length, name).toBeGreaterThan(1);
      structuredClone(sensors); // they cross to workers
    }
  });

  it("fails with a ConfigFileError and nothing else, whatever the file holds", async () => {
    const leaf = fc.oneof(
      fc.string(),
      fc.integer(),
      fc.boolean(),
      fc.constant(null),
      fc.constantFrom("2s", "simulated"),
    );
    const key = fc.oneof(
      fc.constantFrom(
        "sensors",
        "driver",
        "kind",
        "rules",
        "range",
        "interval",
        "above",
        "clear",
        "node",
        "log",
      ),
      fc.string({ maxLength: 8 }),
    );
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof({ depthSize: "small" }, leaf, fc.array(tie("tree")), fc.dictionary(key, tie("tree"))),
    }));
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          tree.map((value) => JSON.stringify(value)),
          fc.string(),
        ),
        async (text) => {
          await parseNodeConfig(text, { file: FILE }).catch((error: unknown) => {
            if (!(error instanceof ConfigFileError)) throw error;
          });
        },
      ),
      { numRuns: 60 },
    );
  });
});

describe("loadNodeConfig", () => {
  it("says which file cannot be read, and what else may be named", async () => {
    await expect(loadNodeConfig("/nonexistent.yaml")).rejects.toThrow(/or host or greenhouse: ENOENT/);
  });

  it("takes relative paths from the folder of the file, wherever the node was started", async () => {
    const folder = mkdtempSync(join(tmpdir(), "fieldmesh-config-"));
    try {
      writeFileSync(
        join(folder, "edge.yaml"),
        `sensors:
  water: { driver: { kind: replay, file: rows.csv } }
  air: { driver: { kind: replay, file: /data/rows.csv } }
  plug: { driver: { kind: mqtt, topic: a, ca: tls/ca.pem, username: u, password: { file: secrets/plug } } }
  roof: { driver: { kind: http, url: "https://a.example", ca: ca.pem, headers: { Token: { file: t, prefix: x } } } }
  pump: { driver: { kind: exec, command: [./pump], cwd: bin, env: { A: { file: ../t }, B: { env: B }, C: c } } }
  bath: w1
`,
      );
      const { sensors } = await loadNodeConfig(join(folder, "edge.yaml"));
      const [water, air, plug, roof, pump, bath] = sensors.map(({ driver }) => driver.options);
      expect(water).toMatchObject({ file: join(folder, "rows.csv") });
      expect(air).toMatchObject({ file: "/data/rows.csv" });
      expect(plug).toMatchObject({
        ca: join(folder, "tls/ca.pem"),
        password: { file: join(folder, "secrets/plug") },
      });
      expect(roof).toMatchObject({
        ca: join(folder, "ca.pem"),
        headers: { Token: { file: join(folder, "t"), prefix: "x" } },
      });
      expect(pump).toMatchObject({
        command: ["./pump"],
        cwd: join(folder, "bin"),
        env: { A: { file: join(folder, "../t") }, B: { env: "B" }, C: "c" },
      });
      expect(bath).toMatchObject({ root: "/sys/bus/w1/devices" });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("has this machine's own figures", async () => {
    const { sensors } = await loadNodeConfig("host", { node: "here" });
    expect(sensors.map(({ id }) => id)).toEqual(expect.arrayContaining(["cpu", "memory", "disk"]));
  });
});
