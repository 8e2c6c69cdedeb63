import { z } from "zod";
import type { AddOperation } from "./operation.js";

export function describeHistorian(add: AddOperation): void {
  add("get", "/historian/configuration", "What the historian holds streams to, and who may read them", {
    answer: z
      .object({
        version: z.number().int().min(1).describe("grows with each change"),
        streams: z.record(z.string(), z.unknown()),
        access: z.object({ streams: z.record(z.string(), z.unknown()) }),
      })
      .meta({
        id: "HistorianConfiguration",
        description:
          "By stream; its JSON Schema is historian-configuration.schema.json. `Prefer: wait=25` waits for a change.",
      }),
  });
}
