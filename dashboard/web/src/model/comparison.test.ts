import type { NodeView, SensorView } from "@fieldmesh/protocol";
import { describe, expect, it } from "vitest";
import type { NodeKey } from "./catalogue.js";
import { comparisonOf } from "./comparison.js";

const sensor = (node: string, id: string, unit: string, more: Partial<SensorView> = {}): SensorView => ({
  id,
  type: id,
  unit,
  intervalMs: 1_000,
  driver: "test",
  rules: [],
  stream: `env_${node}_${id}`,
  state: "ok",
  stale: false,
  ...more,
});
const node = (name: string, sensors: SensorView[]): [NodeKey, NodeView] => [
  `env/${name}`,
  { domain: "env", node: name, presence: "online", since: 0, legacy: false, sensors },
];
const nodes = new Map([
  node("a", [sensor("a", "temperature", "Cel"), sensor("a", "humidity", "%RH")]),
  node("b", [
    sensor("b", "temperature", "Cel"),
    sensor("b", "door", "1", { valueType: "boolean" }),
    sensor("b", "count", "1"),
  ]),
]);

describe("comparisonOf", () => {
  it("puts streams of one unit into one chart, in the order in which units were named", () => {
    const { charts } = comparisonOf(nodes, ["env_a_humidity", "env_b_temperature", "env_a_temperature"]);
    expect(charts.map(({ key, lines }) => [key, ...lines.map((line) => line.sensor.stream)])).toEqual([
      ["%RH", "env_a_humidity"],
      ["Cel", "env_b_temperature", "env_a_temperature"],
    ]);
  });

  it("keeps a stream's colour when others of its chart come and go", () => {
    const { charts } = comparisonOf(nodes, ["env_a_humidity", "env_a_temperature", "env_b_temperature"]);
    expect(charts[1]?.lines.map(({ colour }) => colour)).toEqual([1, 2]);
  });

  it("does not draw states on the axis of numbers", () => {
    expect(comparisonOf(nodes, ["env_b_door", "env_b_count"]).charts.map(({ title }) => title)).toEqual([
      "door",
      "without unit",
    ]);
  });

  it("names what there is not", () => {
    const { charts, unknown } = comparisonOf(nodes, ["env_a_gone", "env_a_constructor"]);
    expect(charts).toEqual([]);
    expect(unknown).toEqual(["env_a_gone", "env_a_constructor"]);
  });
});
