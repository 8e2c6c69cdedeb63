import { readFile, writeFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { configurationJsonSchema } from "./json-schema.js";

const PUBLISHED = new URL("../../schema/historian-configuration.schema.json", import.meta.url);

test("the schema is published as it is (UPDATE_SCHEMA=1 writes it anew)", async () => {
  const schema = JSON.parse(JSON.stringify(configurationJsonSchema())) as unknown;
  if (process.env["UPDATE_SCHEMA"] === "1")
    await writeFile(PUBLISHED, `${JSON.stringify(schema, null, 2)}\n`);
  expect(JSON.parse(await readFile(PUBLISHED, "utf8"))).toEqual(schema);
});
