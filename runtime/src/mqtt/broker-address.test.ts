import { describe, expect, it } from "vitest";
import { BrokerAddressError, parseBrokerAddress, shownAddress } from "./broker-address.js";

describe("parseBrokerAddress", () => {
  it.each([
    ["mqtt://broker", "mqtt://broker:1883"],
    ["mqtts://broker", "mqtts://broker:8883"],
    ["ws://broker", "ws://broker:9001"],
    ["ws://broker/mqtt", "ws://broker:9001/mqtt"],
    ["ws://broker:80/mqtt", "ws://broker/mqtt"],
    ["wss://broker", "wss://broker"],
    ["mqtt://user:secret@broker:1884", "mqtt://broker:1884"],
    ["mqtt://[::1]:1883", "mqtt://[::1]:1883"],
  ])("%s is shown as %s", (address, shown) => {
    expect(shownAddress(parseBrokerAddress(address))).toBe(shown);
  });

  it.each([
    "",
    "broker",
    "broker:1883",
    "tcp://broker",
    "http://broker",
    "mqtt://",
    "mqtt://a b",
    "mqtt://user:50%@broker",
  ])("refuses %j", (address) => {
    expect(() => parseBrokerAddress(address)).toThrow(BrokerAddressError);
  });
});
