import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { checkFilter, checkTopic, matches } from "./topics.js";

const level = fc.stringMatching(/^[a-z0-9]{0,3}$/);
const topic = fc
  .array(level, { minLength: 1, maxLength: 5 })
  .map((levels) => levels.join("/"))
  .filter((text) => text !== "");

describe("topics and filters", () => {
  it.each(["a/+", "#", "", "a\0b", "x".repeat(65_536)])("refuses %j as a topic", (text) => {
    expect(() => checkTopic(text)).toThrow();
  });

  it.each(["a+/b", "a/#/b", "a/b#", "+a", "", "##"])("refuses %j as a filter", (text) => {
    expect(() => checkFilter(text)).toThrow();
  });

  it.each(["#", "+", "+/+/raw", "a/#", "/", "$SYS/#", "+/a/#"])("takes %j as a filter", (text) => {
    expect(checkFilter(text)).toBe(text);
  });

  it("matches each topic by itself, by # and with any level as +", () => {
    fc.assert(
      fc.property(topic, fc.nat(), (text, at) => {
        expect(matches(text, text)).toBe(true);
        expect(matches("#", text)).toBe(true);
        const levels = text.split("/");
        levels[at % levels.length] = "+";
        expect(matches(levels.join("/"), text)).toBe(true);
        expect(matches(`${text}/#`, text)).toBe(true);
        expect(matches(`${text}/+`, text)).toBe(false);
      }),
    );
  });

  it("keeps $SYS out of filters that begin with a wildcard [MQTT-4.7.2-1]", () => {
    expect(matches("#", "$SYS/a")).toBe(false);
    expect(matches("+/a", "$SYS/a")).toBe(false);
    expect(matches("$SYS/#", "$SYS/a")).toBe(true);
  });
});
