import type { AlarmView } from "@fieldmesh/protocol";
import { describe, expect, it } from "vitest";
import { entriesOf } from "./alarm-entries.js";

const alarm = (node: string, sensor: string, rule: string): AlarmView => ({
  key: `env_${node}_${sensor}/${rule}`,
  domain: "env",
  event: {
    node,
    sensor,
    rule,
    state: "raised",
    severity: "critical",
    value: null,
    unit: "1",
    timestamp: 1,
    since: 1,
    boot: 1,
    seq: 1,
    message: "",
  },
});
const shown = (alarms: AlarmView[]): string[][] =>
  entriesOf(alarms).map((entry) => [entry.alarm.key, ...entry.ofSensors.map(({ key }) => key)]);

describe("standing alarms", () => {
  it("of a node that is away and of its sensors are one, where the first of them stood", () => {
    const alarms = [
      alarm("shed", "light", "slo-freshness"),
      alarm("desk", "light", "slo-freshness"),
      alarm("shed", "node", "offline"),
      alarm("shed", "temperature", "too-cold"),
    ];
    expect(shown(alarms)).toEqual([
      ["env_shed_node/offline", "env_shed_light/slo-freshness", "env_shed_temperature/too-cold"],
      ["env_desk_light/slo-freshness"],
    ]);
  });

  it("stay apart while the node is there", () => {
    const alarms = [alarm("desk", "a", "r"), alarm("desk", "b", "r"), alarm("desk", "node", "disk")];
    expect(shown(alarms)).toEqual(alarms.map(({ key }) => [key]));
  });
});
