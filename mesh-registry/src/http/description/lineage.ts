import { z } from "zod";
import { resourceId } from "../../resources/fields.js";
import { lineageEdge, lineageInput } from "../../resources/lineage-edge.js";
import { lineageList, relativeList } from "../lists.js";
import { seedLineage, seedLineageFields } from "../seed/seed-lineage.js";
import type { AddOperation } from "./operation.js";

const relative = z
  .object({
    product: resourceId,
    depth: z.number().int().min(1).describe("steps between the two"),
    ...seedLineage.partial().shape,
  })
  .meta({ id: "Relative", description: "and a step that leads to it, where that can be seen" });

/** As lists have it. */
const listedEdge = lineageEdge.extend(seedLineageFields).meta({ id: "ListedLineageEdge" });

export function describeLineage(add: AddOperation): void {
  const path = { id: resourceId };
  const step = { source: resourceId, target: resourceId };
  add("get", "/lineage", "Steps of lineage, by source and target", {
    query: lineageList,
    answer: listedEdge,
  });
  add("get", "/products/{id}/lineage", "Steps of lineage from a product and to it", {
    path,
    query: lineageList,
    answer: listedEdge,
  });
  add("post", "/lineage", "Says that one product is made from another", {
    body: lineageInput,
    answer: lineageEdge,
    status: 201,
    creates: true,
  });
  add("get", "/lineage/steps/{source}/{target}", "One step", { path: step, answer: lineageEdge });
  add("delete", "/lineage/steps/{source}/{target}", "Takes a step back", { path: step, status: 204 });
  add("get", "/lineage/upstream/{id}", "Where a product comes from, nearest first", {
    path,
    query: relativeList,
    answer: relative,
  });
  add("get", "/lineage/downstream/{id}", "What is made of a product, nearest first", {
    path,
    query: relativeList,
    answer: relative,
  });
}
