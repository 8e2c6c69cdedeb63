import { readFileSync } from "node:fs";
import { COMMAND_NAMES } from "@fieldmesh/protocol";
import { EXIT } from "@fieldmesh/runtime";
import { expect, it } from "vitest";
import { COMMAND_ERRORS } from "./commands/command-error.js";
import { parseNodeConfig } from "./config/parse.js";
import { DEFAULT_LOG_LIMITS } from "./log/options.js";

const page = readFileSync(new URL("../../docs/edge.md", import.meta.url), "utf8");

/** First cells of the table whose first heading is `heading`, without their code marks. */
function firstCells(heading: string): string[] {
  const lines = page.split("\n");
  const start = lines.findIndex((line) => line.startsWith(`| ${heading} `));
  expect(start).toBeGreaterThan(-1);
  const rows = lines.slice(start + 2);
  const end = rows.findIndex((line) => !line.startsWith("|"));
  return rows.slice(0, end).map((row) => (row.split("|")[1] ?? "").trim().replaceAll("`", ""));
}

it("the page on edge nodes names every command, error and exit code that there is", () => {
  expect(firstCells("command").sort()).toEqual([...COMMAND_NAMES].sort());
  expect(firstCells("error")).toEqual([...COMMAND_ERRORS]);
  expect(firstCells("exit code")).toEqual(Object.values(EXIT).map(String));
});

it("the page on edge nodes gives the log's bounds as they are", async () => {
  const { memoryBytes: _, ...bounds } = DEFAULT_LOG_LIMITS;
  expect((await parseNodeConfig("sensors: { a: simulated }", { file: "edge.yaml" })).log).toEqual(bounds);
  const { heldBytes, heldMs, replayBytes, replayMs, writeEveryMs, flushEveryMs } = DEFAULT_LOG_LIMITS;
  const day = 24 * 3_600_000;
  expect(page).toContain(`${heldBytes / 2 ** 20} MiB, ${heldMs / day} days`);
  expect(page).toContain(`${replayBytes / 2 ** 20} MiB, ${replayMs / 60_000} minutes`);
  expect(page).toMatch(new RegExp(`\`writeEvery\` +\\| ${writeEveryMs} ms`));
  expect(page).toMatch(new RegExp(`\`flushEvery\` +\\| ${flushEveryMs / 1_000} s`));
});
