import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { parseNodeConfig } from "./parse.js";
import { RULE_KINDS } from "./rules.js";
import { configSchemas } from "./schema.js";

const text = readFileSync(new URL("../../../docs/sensors.md", import.meta.url), "utf8");

/** What stands between a heading and the next one. */
function section(heading: string): string {
  const at = text.indexOf(`\n${heading}`);
  expect(at, heading).not.toBe(-1);
  const end = text.slice(at + 2).search(/\n##/);
  return end === -1 ? text.slice(at) : text.slice(at, at + 2 + end);
}

it("names every key, every kind of rule and every option of every driver", async () => {
  const { node, sensor, modules, drivers } = await configSchemas();
  const missing: string[] = [];
  const look = (where: string, keys: readonly string[]): void => {
    const part = section(where);
    for (const key of keys) if (!part.includes(`\`${key}\``)) missing.push(`${where}: ${key}`);
  };
  look("## The node", Object.keys(node.shape));
  look("## A sensor", Object.keys(sensor.shape));
  look("## Rules", RULE_KINDS);
  for (const kind of modules.keys()) {
    const options = drivers.get(kind)?.shape ?? {};
    look(`### \`${kind}\``, Object.keys(options));
  }
  expect(missing).toEqual([]);
});

it("shows configurations that are right", async () => {
  const blocks = [...text.matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, yaml = ""]) => yaml);
  expect(blocks.length).toBeGreaterThan(2);
  for (const block of blocks) {
    const indented = block.replace(/^/gm, "  ");
    const file = block.includes("sensors:")
      ? block
      : block.startsWith("rules:")
        ? `sensors:\n  x:\n    driver: simulated\n${withoutStates(block.replace(/^/gm, "    "))}`
        : `sensors:\n${indented}`;
    await parseNodeConfig(file, { file: block.split("\n", 1)[0] ?? "" });
  }
});

/** The rules for doors stand among those for numbers: no one sensor has both. */
function withoutStates(rules: string): string {
  return rules
    .split("\n")
    .filter((line) => !line.includes("equals: true"))
    .join("\n");
}
