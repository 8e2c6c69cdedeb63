import type { NodeView, SensorView } from "@fieldmesh/protocol";
import { describe, expect, it } from "vitest";
import { applyCatalogue, findStream, sensorTitle, sortedKeys, standingOf } from "./catalogue.js";
import { NO_FILTER, passing } from "./filter.js";

function sensor(id: string, more: Partial<SensorView> = {}): SensorView {
  return {
    id,
    stream: `env_greenhouse_${id}`,
    type: id,
    unit: "Cel",
    intervalMs: 1000,
    driver: "simulated",
    rules: [],
    state: "ok",
    stale: false,
    latest: { v: 1, t: 1 },
    ...more,
  };
}
function node(name: string, more: Partial<NodeView> = {}): NodeView {
  return { domain: "env", node: name, presence: "online", since: 0, legacy: false, sensors: [], ...more };
}

describe("the catalogue", () => {
  it("takes over what changed and drops what was removed", () => {
    const all = applyCatalogue(new Map(), { full: true, nodes: { "env/a": node("a"), "env/b": node("b") } });
    const next = applyCatalogue(all, { full: false, nodes: { "env/a": null, "env/c": node("c") } });
    expect([...next.keys()]).toEqual(["env/b", "env/c"]);
    expect(next.get("env/b")).toBe(all.get("env/b"));
    expect(applyCatalogue(next, { full: true, nodes: {} }).size).toBe(0);
  });

  it("sorts numbers in names by their size", () => {
    const all = new Map(["env/node-10", "env/node-9", "air/z"].map((key) => [key, node(key)]));
    expect(sortedKeys(all)).toEqual(["air/z", "env/node-9", "env/node-10"]);
  });

  it("finds a stream and names it for people", () => {
    const all = new Map([["env/greenhouse", node("greenhouse", { sensors: [sensor("airquality")] })]]);
    expect(findStream(all, "env_greenhouse_airquality")?.sensor.id).toBe("airquality");
    expect(findStream(all, "env_greenhouse_none")).toBeUndefined();
    expect(["memory in use", "pH", "<b>x</b>"].map((label) => sensorTitle({ id: "x", label }))).toEqual([
      "Memory in use",
      "pH",
      "<b>x</b>",
    ]);
    expect(["airquality", "disk-free", "cpu-temperature"].map((id) => sensorTitle({ id }))).toEqual([
      "Air quality",
      "Disk free",
      "CPU temperature",
    ]);
  });

  it("says the worst of how a sensor stands", () => {
    const online = node("a");
    expect(standingOf(online, sensor("x"), true)).toBe("alarm");
    expect(standingOf(online, sensor("x", { state: "restarting" }), false)).toBe("failed");
    expect(standingOf(online, sensor("x", { stale: true }), false)).toBe("stale");
    expect(standingOf(node("a", { presence: "offline" }), sensor("x"), false)).toBe("stale");
    expect(standingOf(online, sensor("x"), false)).toBe("ok");
  });
});

describe("passing", () => {
  const greenhouse = node("greenhouse", {
    host: "atlas",
    sensors: [
      sensor("temperature"),
      sensor("light", { stale: true }),
      sensor("soil", { label: "Bed <b>3</b>" }),
    ],
  });
  const ids = (filter: Partial<typeof NO_FILTER>, worst = new Map()) =>
    passing(greenhouse, { ...NO_FILTER, ...filter }, worst).map((s) => s.id);

  it("needs every word, in the sensor or its node", () => {
    expect(ids({ text: "atlas TEMP" })).toEqual(["temperature"]);
    expect(ids({ text: "<b>3" })).toEqual(["soil"]);
    expect(ids({ text: "temp nowhere" })).toEqual([]);
  });

  it("goes by domain and state", () => {
    expect(ids({ domain: "other" })).toEqual([]);
    expect(ids({ state: "stale" })).toEqual(["light"]);
    expect(ids({ state: "alarming" }, new Map([["env_greenhouse_soil", {}]]))).toEqual(["soil"]);
  });
});
