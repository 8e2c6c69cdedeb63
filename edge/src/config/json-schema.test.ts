import { readFile, writeFile } from "node:fs/promises";
import { expect, it } from "vitest";
import { configJsonSchema } from "./json-schema.js";

const PUBLISHED = new URL("../../schema/edge-config.schema.json", import.meta.url);

it("is published as it is (UPDATE_SCHEMA=1 writes it anew)", async () => {
  const schema = await configJsonSchema();
  if (process.env["UPDATE_SCHEMA"] === "1") await writeFile(PUBLISHED, JSON.stringify(schema));
  expect(JSON.parse(await readFile(PUBLISHED, "utf8"))).toEqual(JSON.parse(JSON.stringify(schema)));
});

it("offers the short forms, and names of drivers that need no options", async () => {
  const text = JSON.stringify(await configJsonSchema());
  expect(text).toContain('{"enum":["host","simulated","w1"]}');
  expect(text).not.toContain('"short"');
});
