import { fileURLToPath } from "node:url";
import { ConfigFileError } from "@fieldmesh/runtime";
import { describe, expect, test } from "vitest";
import { defaultDashboardConfig, parseDashboardConfig, readDashboardConfig } from "./read-config.js";

function faults(yaml: string): string[] {
  try {
    parseDashboardConfig(yaml, "dashboard.yaml");
  } catch (error) {
    if (error instanceof ConfigFileError) return error.message.split("\n").slice(1);
    throw error;
  }
  return [];
}

describe("DASHBOARD_CONFIG", () => {
  test("is complete when it is empty", () => {
    expect(parseDashboardConfig("", "dashboard.yaml")).toEqual(defaultDashboardConfig());
    expect(defaultDashboardConfig()).toMatchObject({
      window: { length: 300_000, readings: 3_000 },
      frameEvery: 50,
      channels: [],
    });
  });

  test("takes durations as people write them", () => {
    const config = parseDashboardConfig("window: {length: 10m}\nframeEvery: 100ms", "dashboard.yaml");
    expect(config.window.length).toBe(600_000);
    expect(config.frameEvery).toBe(100);
  });

  test.each([
    [
      "window:\n  length: 5",
      "  line 2: window.length is 5: expected a duration from 10 s to 1 h, as 500ms, 2s, 5m, 1h or 7d",
    ],
    [
      "frameEvery: 5ms",
      '  line 1: frameEvery is "5ms": expected a duration from 20 ms to 5 s, as 500ms, 2s, 5m, 1h or 7d',
    ],
    [
      "# a comment\n\nframes: 1",
      "  line 3: frames: unknown key; known here: window, frameEvery, browsers, nodes, channels",
    ],
    [
      "channels:\n  - name: phone\n    kind: pigeon",
      '  line 3: channels[0].kind is "pigeon": expected one of webhook, ntfy, email',
    ],
    [
      "channels:\n  - name: phone\n    kind: ntfy\n    url: ftp://x/y",
      '  line 4: channels[0].url is "ftp://x/y": expected an http:// or https:// address without user and password',
    ],
    [
      "channels:\n  - name: phone\n    kind: ntfy\n    url: https://ntfy.sh/x\n    token: tk_1",
      "  line 5: channels[0].token: expected {env: NAME} or {file: PATH}: a secret does not stand in the configuration itself",
    ],
    [
      "channels:\n  - {name: a, kind: ntfy, url: 'http://x/y'}\n  - {name: a, kind: ntfy, url: 'http://x/y'}",
      '  line 3: channels[1].name is "a": expected another: a channel before it has this name',
    ],
  ])("says where what is wrong, and what is expected: %j", (yaml, message) => {
    expect(faults(yaml)).toEqual([message]);
  });

  test("that is no YAML is refused with its line", () => {
    expect(faults("window: {length: 5m\nchannels: ]")[0]).toMatch(/^ {2}line 2: the file: not YAML/);
  });
});

test("the example is right, and what it calls a default is one", async () => {
  const path = fileURLToPath(new URL("../../examples/dashboard.yaml", import.meta.url));
  const { channels, ...settings } = await readDashboardConfig(path);
  const { channels: _none, ...defaults } = defaultDashboardConfig();
  expect(settings).toEqual(defaults);
  expect(channels.map(({ kind }) => kind)).toEqual(["ntfy", "webhook", "email"]);
});
