import { expect, test } from "vitest";
import { contractsOf } from "./contract-of.js";
import { parseConfigurationFile } from "./parse.js";

const contractOf = (yaml: string, stream: string) =>
  contractsOf(parseConfigurationFile(yaml, "test").content)(stream);

test("a stream's own word is before that of patterns, field by field, and the longer pattern before the shorter", () => {
  const yaml = `
    streams:
      "*": { product: all, productVersion: 3.0.0, validity: { unit: [Cel, K], max: 100 } }
      "env_*_temperature": { validity: { max: 40, type: number } }
      env_desk_temperature: { product: desk, validity: { min: 0 } }`;
  expect(contractOf(yaml, "env_desk_temperature")).toEqual({
    product: "desk",
    validity: { units: ["Cel", "K"], type: "number", min: 0, max: 40 },
  });
  expect(contractOf(yaml, "env_hall_light")).toEqual({
    product: "all",
    productVersion: "3.0.0",
    validity: { units: ["Cel", "K"], max: 100 },
  });
  expect(contractOf("", "env_desk_temperature")).toEqual({});
});
