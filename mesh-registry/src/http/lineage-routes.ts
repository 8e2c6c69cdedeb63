import { resource } from "@fieldmesh/runtime";
import type { Request, RequestHandler, Response } from "express";
import { type LineageEdge, lineageInput } from "../resources/lineage-edge.js";
import type { Lineage } from "../store/lineage.js";
import { RegistryError } from "../store/registry-error.js";
import { creates } from "./create.js";
import { parseQuery } from "./input.js";
import { lineageList, pageOf, relativeList, sendList, sendSlice, toCursor } from "./lists.js";
import { idOf } from "./path.js";
import { permission } from "./permission.js";
import { answered } from "./problems.js";
import type { RouteParts } from "./route-parts.js";
import { listedEdge } from "./seed/listed.js";
import { toSeedLineage } from "./seed/seed-lineage.js";

export function lineageRoutes({ router, catalogue, reads, writes }: RouteParts): void {
  const { lineage, answers } = catalogue;
  const { changes, seen, sees } = permission(catalogue);
  /** Steps and products that are hidden from who asks are not there. */
  const checkEnds = (ends: Pick<LineageEdge, "source" | "target">, response: Response): void => {
    for (const field of ["source", "target"] as const) {
      const { [field]: id } = ends;
      if (sees(id, response)) continue;
      const detail = `${field}: there is no data product "${id}": register it first`;
      throw new RegistryError("unknown_reference", detail, [{ pointer: `/${field}`, value: id }]);
    }
  };
  /** Of one product: those from it and those to it. */
  const sendSteps = (request: Request, response: Response, of?: string): void => {
    const { source, target, lineage_type: type, ...query } = parseQuery(request, lineageList);
    const where = (edge: LineageEdge): boolean =>
      (of === undefined || edge.source === of || edge.target === of) &&
      (source === undefined || edge.source === source) &&
      (target === undefined || edge.target === target) &&
      (type === undefined || edge.type === type) &&
      sees(edge.source, response) &&
      sees(edge.target, response);
    sendSlice(request, response, lineage.list({ ...pageOf(query), where }), { entry: listedEdge });
  };
  resource(router, "/products/:id/lineage", {
    get: reads(
      answered((request, response) => {
        sendSteps(request, response, seen(idOf(request), response).value.id);
      }),
    ),
  });
  resource(router, "/lineage", {
    get: reads(
      answered((request, response) => {
        sendSteps(request, response);
      }),
    ),
    post: writes(
      creates(answers, lineageInput, async (input, _request, response) => {
        checkEnds(input, response);
        if (catalogue.products.find(input.target) !== undefined) changes(input.target, response);
        const { value, json } = await lineage.create(input);
        return { location: `/lineage/steps/${value.source}/${value.target}`, json };
      }),
    ),
  });
  resource(router, "/lineage/steps/:source/:target", {
    get: reads(
      answered((request, response) => {
        const { source, target } = endsOf(request);
        if (!sees(source, response) || !sees(target, response)) throw noStep(source, target);
        response.set({ "Cache-Control": "private, no-cache", Vary: "Authorization, Cookie" });
        response.json(lineage.get(source, target).value);
      }),
    ),
    delete: writes(
      answered(async (request, response) => {
        const { source, target } = endsOf(request);
        if (!sees(source, response) || !sees(target, response)) throw noStep(source, target);
        lineage.get(source, target);
        changes(target, response);
        await lineage.remove(source, target);
        response.status(204).end();
      }),
    ),
  });
  resource(router, "/lineage/upstream/:id", {
    get: reads(relatives("upstream", lineage, sees)),
  });
  resource(router, "/lineage/downstream/:id", {
    get: reads(relatives("downstream", lineage, sees)),
  });
}

function endsOf(request: Request): Pick<LineageEdge, "source" | "target"> {
  return { source: idOf(request, "source"), target: idOf(request, "target") };
}

function noStep(source: string, target: string): RegistryError {
  return new RegistryError("not_found", `there is no step of lineage from "${source}" to "${target}"`);
}

/** Nearest first, each with a step that leads to it; a cursor is the last product of the page before. */
function relatives(
  direction: "upstream" | "downstream",
  lineage: Lineage,
  sees: (id: string, response: Response) => boolean,
): RequestHandler {
  const [near, far] =
    direction === "upstream" ? (["target", "source"] as const) : (["source", "target"] as const);
  return answered((request, response) => {
    const { depth, ...query } = parseQuery(request, relativeList);
    const id = idOf(request);
    const found = lineage[direction](id, depth).filter(({ product }) => sees(product, response));
    const { limit, offset = 0, after } = pageOf(query);
    const start =
      offset + (after === undefined ? 0 : found.findIndex(({ product }) => product === after) + 1);
    const depths = new Map(found.map((each) => [each.product, each.depth]));
    depths.set(id, 0);
    const items = found.slice(start, start + limit).map((each) => {
      const leads = (edge: LineageEdge): boolean =>
        edge[far] === each.product && depths.get(edge[near]) === each.depth - 1;
      const step = lineage.of(each.product).find(leads);
      return step === undefined ? each : { ...each, ...toSeedLineage(step) };
    });
    const last = items.at(-1)?.product;
    const next = last === undefined || start + limit >= found.length ? undefined : toCursor(last);
    sendList(request, response, { items, total: found.length, next });
  });
}
