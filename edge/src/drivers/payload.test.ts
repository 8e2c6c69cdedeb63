import { describe, expect, it } from "vitest";
import { loadNodeConfig } from "../config/load.js";
import { type PayloadOptions, payloadValue } from "./payload.js";
import { toValue } from "./value.js";

/** What devices of these makes send, as their documentation shows it, and what an example makes of it. */
const REPORTS: [example: string, sensor: string, report: string, value: number | boolean][] = [
  ["zigbee2mqtt", "attic", '{"battery":97,"humidity":61.2,"temperature":18.44,"voltage":3000}', 18.44],
  ["zigbee2mqtt", "attic-humidity", '{"battery":97,"humidity":61.2,"temperature":18.44}', 61.2],
  ["zigbee2mqtt", "attic-battery", '{"battery":97,"humidity":61.2}', 97],
  ["zigbee2mqtt", "front-door", '{"battery":100,"contact":false,"linkquality":120}', true],
  ["zigbee2mqtt", "front-door", '{"battery":100,"contact":true,"linkquality":120}', false],
  ["zigbee2mqtt", "washing-machine", '{"battery_low":false,"water_leak":true}', true],
  ["tasmota", "compressor-power", '{"Time":"x","ENERGY":{"Total":12.5,"Power":412}}', 412],
  ["tasmota", "compressor", "ON", true],
  ["tasmota", "workshop", '{"DS18B20":{"Id":"0316A2795EFF","Temperature":2.4},"TempUnit":"C"}', 2.4],
  ["shelly", "fridge", '{"id":0,"output":true,"apower":63.1}', true],
  ["shelly", "plug-temperature", '{"id":0,"temperature":{"tC":38.6,"tF":101.5}}', 38.6],
  ["shelly", "fridge-power", '{"id":0,"output":true,"apower":63.1}', 63.1],
  ["weather", "outside", '{"observations":[{"metric":{"temp":-3.5,"wind":14}}]}', -3.5],
  ["raspberry-pi", "undervoltage", "throttled=0x50005\n", true],
];

describe("payloadValue", () => {
  it.each(REPORTS)("%s: %s reads %s", async (example, id, report, value) => {
    const file = new URL(`../../examples/${example}.yaml`, import.meta.url).pathname;
    const sensor = (await loadNodeConfig(file)).sensors.find((one) => one.id === id);
    const options = sensor?.driver.options as PayloadOptions | undefined;
    expect(payloadValue(report, options ?? {}, sensor?.valueType ?? "number")).toBe(value);
  });

  it("tells what is not there from what is no value", () => {
    expect(payloadValue('{"b":1}', { path: "a" }, "number")).toBeUndefined();
    expect(() => payloadValue('{"a":null}', { path: "a" }, "number")).toThrow("expected a number, got null");
    expect(() => payloadValue("<html>", { path: "a" }, "number")).toThrow('expected JSON, got "<html>"');
  });
});

describe("toValue", () => {
  it("takes numbers, also as text, and nothing that merely begins like one", () => {
    expect([1, "1", " -1.5 ", "+.5", "1e3"].map((raw) => toValue(raw, "number"))).toEqual([
      1, 1, -1.5, 0.5, 1_000,
    ]);
    for (const raw of ["", "1a", "0x10", "1,5", "Infinity", "NaN", true, [1], {}, null]) {
      expect(() => toValue(raw, "number")).toThrow("expected a number");
    }
  });

  it("takes states as most devices have them", () => {
    expect([true, "ON", "off", 1, "0", "True"].map((raw) => toValue(raw, "boolean"))).toEqual([
      true,
      true,
      false,
      true,
      false,
      true,
    ]);
    for (const raw of ["open", 2, "", null, {}]) expect(() => toValue(raw, "boolean")).toThrow("give a map");
  });

  it("takes only what the map has, by its own keys", () => {
    const values = { OPEN: true, "3": 30, true: 1 };
    expect(["OPEN", 3, true].map((raw) => toValue(raw, "number", values))).toEqual([true, 30, 1]);
    for (const raw of ["open", "constructor", 4]) {
      expect(() => toValue(raw, "number", values)).toThrow("is not among the values: 3, OPEN, true");
    }
  });

  it("shows no more than a line's worth of what came", () => {
    expect(() => toValue("x".repeat(1_000), "number")).toThrow(/^expected a number, got "x{56}\.\.\.$/);
  });
});
