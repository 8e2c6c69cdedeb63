import { resource } from "@fieldmesh/runtime";
import type { RequestHandler } from "express";
import { type LineageEdge, lineageInput } from "../resources/lineage-edge.js";
import type { Lineage } from "../store/lineage.js";
import { creates } from "./create.js";
import { parseQuery } from "./input.js";
import { lineageList, pageOf, relativeList, sendList, sendSlice, toCursor } from "./lists.js";
import { idOf } from "./path.js";
import { answered } from "./problems.js";
import type { RouteParts } from "./route-parts.js";
import { listedEdge } from "./seed/listed.js";

export function lineageRoutes({ router, catalogue: { lineage, answers }, reads, writes }: RouteParts): void {
  resource(router, "/lineage", {
    get: reads(
      answered((request, response) => {
        const { source, target, lineage_type: type, ...query } = parseQuery(request, lineageList);
        const where = (edge: LineageEdge): boolean =>
          (source === undefined || edge.source === source) &&
          (target === undefined || edge.target === target) &&
          (type === undefined || edge.type === type);
        sendSlice(request, response, lineage.list({ ...pageOf(query), where }), listedEdge);
      }),
    ),
    post: writes(
      creates(answers, lineageInput, async (input) => {
        const { value, json } = await lineage.create(input);
        return { location: `/lineage/steps/${value.source}/${value.target}`, json };
      }),
    ),
  });
  resource(router, "/lineage/steps/:source/:target", {
    get: reads(
      answered((request, response) => {
        response.set({ "Cache-Control": "private, no-cache", Vary: "Authorization, Cookie" });
        response.json(lineage.get(idOf(request, "source"), idOf(request, "target")).value);
      }),
    ),
    delete: writes(
      answered(async (request, response) => {
        await lineage.remove(idOf(request, "source"), idOf(request, "target"));
        response.status(204).end();
      }),
    ),
  });
  resource(router, "/lineage/upstream/:id", {
    get: reads(relatives((id, depth) => lineage.upstream(id, depth))),
  });
  resource(router, "/lineage/downstream/:id", {
    get: reads(relatives((id, depth) => lineage.downstream(id, depth))),
  });
}

/** Nearest first; a cursor is the last product of the page before. */
function relatives(
  find: (...its: Parameters<Lineage["upstream"]>) => ReturnType<Lineage["upstream"]>,
): RequestHandler {
  return answered((request, response) => {
    const { depth, ...query } = parseQuery(request, relativeList);
    const found = find(idOf(request), depth);
    const { limit, offset = 0, after } = pageOf(query);
    const start =
      offset + (after === undefined ? 0 : found.findIndex(({ product }) => product === after) + 1);
    const items = found.slice(start, start + limit);
    const last = items.at(-1)?.product;
    const next = last === undefined || start + limit >= found.length ? undefined : toCursor(last);
    sendList(request, response, { items, total: found.length, next });
  });
}
