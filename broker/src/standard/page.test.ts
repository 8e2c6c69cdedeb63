// docs/mqtt-3.1.1.md and these tests say the same: neither changes without the other.
import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { MOSQUITTO_DIFFERS } from "./brokers.js";

/** How many statements each section of the standard has (its Appendix B). */
const STATEMENTS: Readonly<Record<string, number>> = {
  "1.5.3": 3,
  "2.2.2": 2,
  "2.3.1": 7,
  "3.1.0": 2,
  "3.1.2": 24,
  "3.1.3": 11,
  "3.1.4": 5,
  "3.2.0": 1,
  "3.2.2": 6,
  "3.3.1": 12,
  "3.3.2": 3,
  "3.3.4": 1,
  "3.3.5": 2,
  "3.6.1": 1,
  "3.8.1": 1,
  "3.8.3": 4,
  "3.8.4": 6,
  "3.9.3": 2,
  "3.10.1": 1,
  "3.10.3": 2,
  "3.10.4": 6,
  "3.12.4": 1,
  "3.14.1": 1,
  "3.14.4": 3,
  "4.1.0": 2,
  "4.3.1": 1,
  "4.3.2": 2,
  "4.3.3": 2,
  "4.4.0": 1,
  "4.5.0": 2,
  "4.6.0": 6,
  "4.7.1": 3,
  "4.7.2": 1,
  "4.7.3": 4,
  "4.8.0": 2,
  "6.0.0": 4,
  "7.0.0": 2,
  "7.1.1": 1,
  "7.1.2": 1,
};
const NOT_SHOWN = /^(does not hold|not testable|concerns the client): .+/;

const folder = new URL("./", import.meta.url);
const page = readFileSync(new URL("../../../docs/mqtt-3.1.1.md", import.meta.url), "utf8");

/** Names of the tests that begin with a statement's identifier. */
const tests = readdirSync(folder)
  .filter((name) => name.endsWith(".test.ts") && name !== "page.test.ts")
  .flatMap(
    (name) => readFileSync(new URL(name, folder), "utf8").match(/(?<=\btest\(\s*")\[MQTT-[^"]+/g) ?? [],
  );
const identifiersOf = (name: string): string[] => name.match(/MQTT-\d+\.\d+\.\d+-\d+/g) ?? [];

/** The cells of the rows below a heading. */
function table(heading: string): string[][] {
  const section = page.split(/^## /m).find((part) => part.startsWith(heading)) ?? "";
  const rows = section.split("\n").filter((line) => line.startsWith("| "));
  return rows.slice(2).map((row) =>
    row
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}
const statements = table("Statements").map(([identifier = "", asks = "", shown = ""]) => ({
  identifier,
  asks,
  tests: [...shown.matchAll(/`([^`]+)`/g)].map(([, name = ""]) => name),
  rest: shown
    .replaceAll(/`[^`]+`/g, "")
    .replaceAll("<br>", "")
    .trim(),
}));

test("the page has each statement of the standard once, in its order", () => {
  const all = Object.entries(STATEMENTS).flatMap(([section, count]) =>
    Array.from({ length: count }, (_, i) => `MQTT-${section}-${i + 1}`),
  );
  expect(statements.map(({ identifier }) => identifier)).toEqual(all);
});

test("each statement names what it asks, and its tests or why there are none", () => {
  for (const { identifier, asks, tests: named, rest } of statements) {
    expect(asks, identifier).not.toBe("");
    if (named.length === 0) expect(rest, identifier).toMatch(NOT_SHOWN);
    else if (rest !== "") expect(rest, identifier).toMatch(/^does not hold: .+/);
  }
});

test("each test that a statement names exists, and names the statement", () => {
  expect(tests.length).toBeGreaterThan(0);
  for (const { identifier, tests: named } of statements) {
    for (const name of named) {
      expect(tests).toContain(name);
      expect(identifiersOf(name), name).toContain(identifier);
    }
  }
});

test("each test is named by all of its statements", () => {
  expect(tests.filter((name) => identifiersOf(name).length === 0)).toEqual([]);
  for (const name of tests) {
    for (const identifier of identifiersOf(name)) {
      const row = statements.find((statement) => statement.identifier === identifier);
      expect(row?.tests, `${identifier} should name "${name}"`).toContain(name);
    }
  }
});

test("the page says where Mosquitto differs: what the tests leave out for it", () => {
  const rows = table("Where Mosquitto 2.0 differs").map(([name = "", reason = ""]) => [
    name.replaceAll("`", ""),
    reason,
  ]);
  expect(Object.fromEntries(rows)).toEqual(MOSQUITTO_DIFFERS);
  for (const name of Object.keys(MOSQUITTO_DIFFERS)) expect(tests).toContain(name);
});
