import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import {
  DashboardConfigError,
  defaultDashboardConfig,
  parseDashboardConfig,
  readDashboardConfig,
} from "./read-config.js";

function faults(yaml: string): string[] {
  try {
    parseDashboardConfig(yaml, "dashboard.yaml");
  } catch (error) {
    if (error instanceof DashboardConfigError) return error.message.split("\n");
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
    ["window:\n  length: 5", "dashboard.yaml:2: window.length: 5: expected a duration from 10s to 1h"],
    ["frameEvery: 5ms", 'dashboard.yaml:1: frameEvery: "5ms": expected a duration from 20ms to 5s'],
    [
      "# a comment\n\nframes: 1",
      "dashboard.yaml:3: frames: there is no such field here; see the schema for those that there are",
    ],
    [
      "channels:\n  - name: phone\n    kind: pigeon",
      'dashboard.yaml:3: channels[0].kind: "pigeon": expected kind: webhook, ntfy or email',
    ],
    [
      "channels:\n  - name: phone\n    kind: ntfy\n    url: ftp://x/y",
      'dashboard.yaml:4: channels[0].url: "ftp://x/y": expected an http:// or https:// address without user and password',
    ],
    [
      "channels:\n  - name: phone\n    kind: ntfy\n    url: https://ntfy.sh/x\n    token: tk_1",
      'dashboard.yaml:5: channels[0].token: "tk_1": expected {env: NAME} or {file: PATH}: a secret does not stand in the configuration itself',
    ],
    [
      "channels:\n  - {name: a, kind: ntfy, url: 'http://x/y'}\n  - {name: a, kind: ntfy, url: 'http://x/y'}",
      'dashboard.yaml:3: channels[1].name: "a" is another channel\'s name already',
    ],
  ])("says where what is wrong, and what is expected: %j", (yaml, message) => {
    expect(faults(yaml)).toEqual([message]);
  });

  test("that is no YAML is refused with its line", () => {
    expect(faults("window: {length: 5m\nchannels: ]")[0]).toMatch(/^dashboard\.yaml:2: /);
  });
});

test("the example is right, and what it calls a default is one", async () => {
  const path = fileURLToPath(new URL("../../examples/dashboard.yaml", import.meta.url));
  const { channels, ...settings } = await readDashboardConfig(path);
  const { channels: _none, ...defaults } = defaultDashboardConfig();
  expect(settings).toEqual(defaults);
  expect(channels.map(({ kind }) => kind)).toEqual(["ntfy", "webhook", "email"]);
});
