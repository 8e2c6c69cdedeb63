import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type RequestListener } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { MEASURES } from "@fieldmesh/protocol";
import { ConfigFileError, HttpProblem } from "@fieldmesh/runtime";
import fc from "fast-check";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { DEFAULT_RETENTION } from "../retention/retention.js";
import { quiet } from "../testing/quiet.js";
import { type ConfigurationOptions, createConfiguration, readConfiguration } from "./configuration.js";
import { DEFAULT_OBJECTIVES, matches, objectivesOf } from "./objectives-of.js";
import { parseConfiguration, parseConfigurationFile } from "./parse.js";

const STREAM = "env_greenhouse_temperature";

function faults(yaml: string): string[] {
  try {
    parseConfigurationFile(yaml, "historian.yaml");
  } catch (error) {
    if (error instanceof ConfigFileError) return error.message.split("\n").slice(1);
    throw error;
  }
  return [];
}

async function folderOf(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "fieldmesh-configuration-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  return folder;
}

async function open(options: Partial<ConfigurationOptions>) {
  const folder = options.folder ?? (await folderOf());
  const configuration = await createConfiguration({ folder, log: quiet, everyMs: 10, ...options });
  onTestFinished(() => configuration.close());
  return configuration;
}

describe("the configuration document", () => {
  it("is complete when it is empty", () => {
    const { content, version } = parseConfigurationFile("", "historian.yaml");
    expect(version).toBe(1);
    expect(content.retention).toEqual(DEFAULT_RETENTION);
    expect(objectivesOf(content, STREAM)).toEqual([
      { id: "slo-availability", measure: "availability", target: 0.99, window: "24h", severity: "critical" },
      { id: "slo-completeness", measure: "completeness", target: 0.999, window: "24h", severity: "critical" },
      { id: "slo-validity", measure: "validity", target: 0.99, window: "24h", severity: "warning" },
      {
        id: "slo-timeliness",
        measure: "timeliness",
        target: 0.99,
        window: "24h",
        severity: "warning",
        withinMs: 10_000,
      },
    ]);
  });

  it.each([
    [
      "defaults:\n  objectives:\n    availability:\n      target: 100%",
      '  line 4: defaults.objectives.availability.target is "100%": expected a share above 0 and below 1, as 99.9% or 0.999',
    ],
    [
      "defaults:\n  objectives:\n    availability: {within: 5}",
      "  line 3: defaults.objectives.availability.within is 5: expected a duration from 100 ms to 30 d, as 500ms, 2s, 5m, 1h or 7d",
    ],
    [
      "streams:\n  env_desk_temperature:\n    objectives:\n      validity:\n        targt: 0.9",
      '  line 5: streams.env_desk_temperature.objectives.validity.targt: unknown key; did you mean "target"?',
    ],
    [
      "defaults:\n  objectives: {validity: true}",
      "  line 2: defaults.objectives.validity is true: expected false, or a map of target, window, severity",
    ],
    [
      "defaults:\n  objectives:\n    completeness: {window: 1m}",
      '  line 3: defaults.objectives.completeness.window is "1m": expected one of 1h, 24h, 30d; did you mean "1h"?',
    ],
    [
      "retention:\n  raw: 1w",
      '  line 2: retention.raw is "1w": expected a time from 1h to 100y, as 12h, 7d or 5y',
    ],
    [
      "retention:\n  raw: 7d\n  minute: 1d",
      '  line 3: retention.minute is "1d": expected at least as long as raw: longer steps reach further back',
    ],
  ])("says where what is wrong, and what is expected: %j", (yaml, message) => {
    expect(faults(yaml)).toEqual([message]);
  });

  it("refuses a stream that cannot be one", () => {
    expect(faults("streams:\n  ENV/desk: {}").join()).toContain("line 2: streams.ENV/desk");
  });

  it("lets the more specific win, field by field", () => {
    const { content } = parseConfigurationFile(
      `
defaults: {objectives: {availability: {target: 90%}, validity: false}}
streams:
  "*_temperature": {objectives: {availability: {window: 1h, severity: info}}}
  "env_*": {objectives: {availability: {window: 30d}, timeliness: false}}
  ${STREAM}: {objectives: {validity: {target: 0.5}, availability: {within: 7s}}}
`,
      "historian.yaml",
    );
    expect(objectivesOf(content, STREAM)).toMatchObject([
      { measure: "availability", target: 0.9, window: "1h", severity: "info", withinMs: 7_000 },
      { measure: "completeness", ...DEFAULT_OBJECTIVES.completeness },
      { measure: "validity", target: 0.5, window: "24h" },
    ]);
    expect(objectivesOf(content, "lab_desk_door").map(({ measure }) => measure)).toEqual([
      "availability",
      "completeness",
      "timeliness",
    ]);
  });

  it("matches a pattern as a regular expression would, never slowly", () => {
    const text = fc.string({ unit: fc.constantFrom("a", "b", "_"), maxLength: 12 });
    const pattern = fc.string({ unit: fc.constantFrom("a", "b", "_", "*"), maxLength: 8 });
    fc.assert(
      fc.property(pattern, text, (p, t) => {
        expect(matches(p, t)).toBe(new RegExp(`^${p.replaceAll("*", ".*")}$`).test(t));
      }),
      { numRuns: 500 },
    );
    expect(matches("*a".repeat(40), "a".repeat(39).repeat(100))).toBe(true);
    expect(matches(`${"*a".repeat(60)}b`, "a".repeat(10_000))).toBe(false);
  });

  it("never fails in another way, whatever it is given", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (document) => {
        expect(typeof parseConfiguration(document).ok).toBe("boolean");
      }),
    );
  });

  it("has an example that is right, and whose defaults are the defaults", async () => {
    const path = fileURLToPath(new URL("../../examples/historian.yaml", import.meta.url));
    const { content } = await readConfiguration(path);
    const { content: nothing } = parseConfigurationFile("", "");
    expect(objectivesOf(content, "any_other_stream")).toEqual(objectivesOf(nothing, "any_other_stream"));
    expect(content.retention).toEqual(nothing.retention);
    expect(objectivesOf(content, STREAM).map(({ target }) => target)).toEqual([0.999, 0.999, 0.99]);
  });
});

describe("docs/historian-configuration.md", async () => {
  const page = await readFile(new URL("../../../docs/historian-configuration.md", import.meta.url), "utf8");

  it("shows a document that is right", () => {
    const [, yaml = ""] = /```yaml\n([\s\S]*?)```/.exec(page) ?? [];
    const { content } = parseConfigurationFile(yaml, "docs");
    expect(objectivesOf(content, STREAM)).toMatchObject([
      { measure: "availability", target: 0.999, withinMs: 10_000, window: "30d" },
      { measure: "completeness" },
      { measure: "timeliness" },
    ]);
  });

  it.each(MEASURES)("tells the defaults of %s", (measure) => {
    const { target, window, severity, within } = DEFAULT_OBJECTIVES[measure];
    const row = page.split("\n").find((line) => line.startsWith(`| \`${measure}\``)) ?? "";
    const told = row.split("|").map((cell) => cell.trim());
    expect(told[3]).toBe(`${Number((target * 100).toFixed(4))} %`);
    expect(told[4]).toBe(window.replace(/\D/, " $&"));
    expect(told[5]).toBe(`\`${severity}\``);
    if (within !== undefined) expect(told[6]).toBe(`${within / 1_000} s`);
  });

  it.each(["raw", "minute", "hour"] as const)("tells the default term of %s", (level) => {
    const row = page.split("\n").find((line) => line.startsWith(`| \`${level}\``)) ?? "";
    const [, , term = ""] = row.split("|").map((cell) => cell.trim().replaceAll("`", ""));
    const { content } = parseConfigurationFile(
      `retention: {raw: 1h, ${level}: ${term}}`.replace("raw: 1h, raw", "raw"),
      "docs",
    );
    expect(content.retention[level]).toBe(DEFAULT_RETENTION[level]);
  });
});

describe("the configuration in force", () => {
  it("is a file that nobody else may change", async () => {
    const folder = await folderOf();
    const file = join(folder, "historian.yaml");
    await writeFile(file, "version: 7\nretention: {raw: 1d}\n");
    const configuration = await open({ file, folder });
    expect(configuration).toMatchObject({ source: "file", current: { version: 7 } });
    expect(configuration.retention.raw).toBe(86_400_000);
    await expect(configuration.put({}, undefined, "ann")).rejects.toMatchObject({ status: 409 });
    await writeFile(file, "retention: {raw: soon}");
    await expect(open({ file, folder })).rejects.toThrow(/line 1: retention.raw is "soon"/);
    await expect(open({ file: join(folder, "none.yaml"), folder })).rejects.toThrow(/cannot be read/);
  });

  it("is what an administrator put, one version after the other, also after a restart", async () => {
    const folder = await folderOf();
    const configuration = await open({ folder });
    const changed = vi.fn();
    configuration.onChange(changed);
    expect(configuration.current.version).toBe(0);
    const document = { retention: { raw: "2d" } };
    expect(await configuration.put(document, 0, "ann")).toEqual({
      source: "admin",
      version: 1,
      document: { ...document, version: 1 },
    });
    expect(changed).toHaveBeenCalledTimes(1);
    expect(await configuration.put({}, 0, "bob")).toBeUndefined();
    const refused = await configuration
      .put({ streams: { "env_a/b": {} }, defaults: { objectives: { validity: { target: 2 } } } }, 1, "bob")
      .catch((error: unknown) => error);
    if (!(refused instanceof HttpProblem)) throw new Error("not refused");
    expect(refused.status).toBe(422);
    expect(refused.extras.errors?.map(({ pointer }) => pointer)).toEqual([
      "/defaults/objectives/validity/target",
      "/streams/env_a~1b",
    ]);
    expect(changed).toHaveBeenCalledTimes(1);
    const again = await open({ folder });
    expect(again).toMatchObject({ source: "admin", current: { version: 1 } });
    expect(again.retention.raw).toBe(2 * 86_400_000);
  });

  it("does not take for its own what a registry said, from when both were in one file", async () => {
    const folder = await folderOf();
    const kept = { format: 1, source: "registry", version: 7, document: { retention: { raw: "1d" } } };
    await writeFile(join(folder, "configuration.json"), JSON.stringify(kept));
    expect(await open({ folder })).toMatchObject({ source: "defaults", current: { version: 0 } });
  });

  it("does not overwrite a kept one that a newer program wrote", async () => {
    const folder = await folderOf();
    await writeFile(join(folder, "configuration.json"), '{"format": 2}');
    await expect(open({ folder })).rejects.toMatchObject({ code: "format_version" });
  });
});

describe("the registry's configuration", () => {
  async function registry(answer: RequestListener): Promise<{ url: URL; close: () => Promise<void> }> {
    const server = createServer(answer);
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    if (address === null || typeof address === "string") throw new Error("not listening");
    const close = () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
    onTestFinished(close);
    return { url: new URL(`http://127.0.0.1:${address.port}/mesh`), close };
  }

  it("is fetched when it changes, and holds when the registry is away", async () => {
    const folder = await folderOf();
    let document: unknown = { version: 3, retention: { raw: "1d" } };
    const asked: (string | undefined)[] = [];
    const { url, close } = await registry((request, response) => {
      asked.push(request.headers["if-none-match"]);
      const etag = `"${JSON.stringify(document).length}"`;
      expect(request.url).toBe("/mesh/historian/configuration");
      if (request.headers["if-none-match"] === etag) response.writeHead(304).end();
      else response.writeHead(200, { ETag: etag }).end(JSON.stringify(document));
    });
    const configuration = await open({ folder, registryUrl: url });
    configuration.start();
    await vi.waitFor(() =>
      expect(configuration).toMatchObject({ source: "registry", current: { version: 3 } }),
    );
    await vi.waitFor(() => expect(asked.at(-1)).toBe(`"${JSON.stringify(document).length}"`));
    expect(configuration.own).toEqual({ source: "defaults", version: 0, document: {} });
    document = { version: 4, retention: { raw: "10d" } };
    await vi.waitFor(() => expect(configuration.current.version).toBe(4));
    await close();
    await vi.waitFor(() => expect(configuration.problem).toMatch(/registry is away/));
    expect(configuration.current.version).toBe(4);
    await configuration.close();

    const again = await open({ folder, registryUrl: url });
    expect(again).toMatchObject({ source: "registry", current: { version: 4 } });
    expect(JSON.parse(await readFile(join(folder, "registry.json"), "utf8"))).toMatchObject({
      format: 1,
      etag: expect.any(String) as string,
    });
  });

  it("says at once what changed, where the registry waits with its answer", async () => {
    let version = 1;
    let tell: () => void = () => undefined;
    let asked = 0;
    const { url } = await registry((request, response) => {
      asked += 1;
      expect(request.headers["prefer"]).toBe("wait=25");
      const answer = (): void => {
        response.writeHead(200, { ETag: `"${version}"`, "Preference-Applied": "wait=25" });
        response.end(JSON.stringify({ version }));
      };
      if (request.headers["if-none-match"] === `"${version}"`) tell = answer;
      else answer();
    });
    const configuration = await open({ registryUrl: url, everyMs: 3_600_000 });
    configuration.start();
    await vi.waitFor(() => expect(asked).toBe(2), 5_000);
    expect(configuration.current.version).toBe(1);
    version = 2;
    tell();
    await vi.waitFor(() => expect(configuration.current.version).toBe(2), 5_000);
  });

  it("says who may read what, also beside a file, and until it was reached nobody knows", async () => {
    const folder = await folderOf();
    const file = join(folder, "historian.yaml");
    await writeFile(file, "version: 7\n");
    const { url } = await registry((_, response) => {
      const readers = { product: "air", consumers: { ann: null }, roles: [], domains: [] };
      response.writeHead(200).end(JSON.stringify({ version: 2, access: { streams: { [STREAM]: readers } } }));
    });
    const configuration = await open({ folder, file, registryUrl: url });
    expect(configuration.access).toEqual({ kind: "unknown" });
    configuration.start();
    await vi.waitFor(() => expect(configuration.access.kind).toBe("told"), 5_000);
    expect(configuration).toMatchObject({ source: "file", current: { version: 7 } });
    await configuration.close();
    const again = await open({ folder, file, registryUrl: url });
    expect(again).toMatchObject({ source: "file", current: { version: 7 }, access: { kind: "told" } });
    expect((await open({ folder, file })).access).toEqual({ kind: "open" });
  });

  it("adds to a file what data products promise, and leaves the rest of it, also after a restart", async () => {
    const folder = await folderOf();
    const file = join(folder, "historian.yaml");
    await writeFile(
      file,
      `version: 7
defaults: {objectives: {validity: false}}
streams:
  "env_*": {objectives: {availability: {target: 90%}}}
  ${STREAM}: {objectives: {availability: {target: 95%, severity: info}, timeliness: {within: 2s}}, validity: {min: 0}}
retention: {raw: 1d}
`,
    );
    let target = 0.995;
    const { url, close } = await registry((_, response) => {
      const promised = {
        product: "air",
        objectives: { availability: { target, within: "10s" } },
        validity: { max: 40 },
      };
      response.writeHead(200).end(JSON.stringify({ version: 2, streams: { [STREAM]: promised } }));
    });
    const inForce = (of: Awaited<ReturnType<typeof open>>): void => {
      expect(of).toMatchObject({ source: "file", current: { version: 7 }, retention: { raw: 86_400_000 } });
      expect(of.objectives(STREAM)).toMatchObject([
        { measure: "availability", target, withinMs: 10_000, severity: "info" },
        { measure: "completeness" },
        { measure: "timeliness", withinMs: 2_000 },
      ]);
      expect(of.contract(STREAM)).toMatchObject({ product: "air", validity: { min: 0, max: 40 } });
      expect(of.objectives("env_desk_light")[0]).toMatchObject({ measure: "availability", target: 0.9 });
    };
    const configuration = await open({ folder, file, registryUrl: url });
    configuration.start();
    await vi.waitFor(() => inForce(configuration), 5_000);
    target = 0.99;
    await vi.waitFor(() => inForce(configuration), 5_000);
    await configuration.close();
    await close();
    inForce(await open({ folder, file, registryUrl: url }));
  });

  it("adds to what an administrator put what data products promise, also after a restart", async () => {
    const folder = await folderOf();
    const promised = (target: number) => ({ [STREAM]: { objectives: { availability: { target } } } });
    const { url, close } = await registry((_, response) => {
      response
        .writeHead(200)
        .end(JSON.stringify({ version: 9, streams: promised(0.9), access: { streams: {} } }));
    });
    const configuration = await open({ folder, registryUrl: url });
    configuration.start();
    await vi.waitFor(() => expect(configuration.source).toBe("registry"));
    const own = { retention: { raw: "3d" }, streams: promised(0.5) };
    expect(await configuration.put(own, 9, "ann")).toBeUndefined(); // the registry's number is not of it
    expect(await configuration.put(own, 0, "ann")).toMatchObject({ version: 1, document: own });
    const holds = async (it: Awaited<ReturnType<typeof open>>): Promise<void> => {
      expect(it).toMatchObject({
        source: "admin",
        current: { version: 1 },
        retention: { raw: 3 * 86_400_000 },
      });
      expect(it.objectives(STREAM)).toMatchObject([{ measure: "availability", target: 0.9 }, {}, {}, {}]);
      expect(it.access.kind).not.toBe("unknown");
      await it.close();
    };
    await holds(configuration);
    await close();
    await holds(await open({ folder, registryUrl: url }));
    // Without the registry what was put stays.
    const alone = await open({ folder });
    expect(alone.objectives(STREAM)[0]).toMatchObject({ target: 0.5 });
  });

  it("holds also when it cannot be kept", async () => {
    const { url } = await registry((_, response) => {
      response.writeHead(200).end('{"version": 2}');
    });
    const folder = join(await folderOf(), "gone");
    const configuration = await open({ folder, registryUrl: url });
    configuration.start();
    await vi.waitFor(() => expect(configuration.current.version).toBe(2));
    expect(configuration.problem).toBeUndefined();
  });

  it.each([
    [200, "{", /not JSON/],
    [200, '{"retention": {"raw": "soon"}}', /retention.raw: expected a time/],
    [404, "", /no configuration for historians/],
    [500, "", /it answered 500/],
    [200, " ".repeat(33_600_000), /longer than/],
  ])("answering %i (case %#) is refused, told, and the last good one holds", async (status, body, why) => {
    let good = true;
    const { url } = await registry((_, response) => {
      response.writeHead(good ? 200 : status).end(good ? '{"version": 2}' : body);
    });
    const configuration = await open({ registryUrl: url });
    configuration.start();
    await vi.waitFor(() => expect(configuration.current.version).toBe(2));
    good = false;
    await vi.waitFor(() => expect(configuration.problem).toMatch(why));
    expect(configuration.current.version).toBe(2);
    good = true;
    await vi.waitFor(() => expect(configuration.problem).toBeUndefined(), 5_000);
  });
});
