import { principalOf, resource } from "@fieldmesh/runtime";
import { z } from "zod";
import { archive } from "../provisioning/bundle.js";
import { type Provisioner, toProvision } from "../provisioning/provisioner.js";
import { resourceId } from "../resources/fields.js";
import { PROVISION_STATES, type Provision, provisionInput } from "../resources/provision.js";
import type { ProvisionRecord } from "../store/provisions.js";
import type { Kept } from "../store/table.js";
import { etagOf, ifMatch, sendResource } from "./conditions.js";
import { creates } from "./create.js";
import { parseQuery } from "./input.js";
import { domainList, nothingAsked, pageOf, sendSlice } from "./lists.js";
import { idOf } from "./path.js";
import { answered } from "./problems.js";
import type { RouteParts } from "./route-parts.js";

export const provisionList = domainList.safeExtend({
  product: resourceId.optional(),
  template: resourceId.optional(),
  state: z.enum(PROVISION_STATES).optional(),
});

export const bundleQuery = z.strictObject({
  format: z.enum(["tar.gz", "json"]).default("tar.gz").describe("one archive, or each file as text"),
});

export function provisionRoutes(
  { router, catalogue: { answers }, reads, writes }: RouteParts,
  provisioner: Provisioner,
): void {
  resource(router, "/provisions", {
    get: reads(
      answered((request, response) => {
        const query = parseQuery(request, provisionList);
        const { items, ...page } = provisioner.list({ ...pageOf(query), where: filterOf(query) });
        sendSlice(request, response, { items: items.map(shown), ...page });
      }),
    ),
    post: writes(
      creates(answers, provisionInput, async (input, _request, response) => {
        const { kept, made } = await provisioner.provision(input, principalOf(response).name);
        const { value, json } = shown(kept);
        return { location: `/provisions/${value.id}`, etag: etagOf(kept), status: made ? 201 : 200, json };
      }),
    ),
  });
  resource(router, "/provisions/:id", {
    get: reads(
      answered((request, response) => {
        parseQuery(request, nothingAsked);
        sendResource(request, response, shown(provisioner.get(idOf(request))));
      }),
    ),
    delete: writes(
      answered(async (request, response) => {
        sendResource(request, response, shown(await provisioner.undo(idOf(request), ifMatch(request))));
      }),
    ),
  });
  resource(router, "/provisions/:id/bundle", {
    // It holds a password: for who may provision, and in no cache.
    get: writes(
      answered(async (request, response) => {
        const { format } = parseQuery(request, bundleQuery);
        const id = idOf(request);
        const { value } = provisioner.get(id);
        const files = await provisioner.bundle(id);
        response.set("Cache-Control", "no-store");
        if (format === "json") {
          response.json({ provision: id, files });
          return;
        }
        response.set("Content-Disposition", `attachment; filename="${id}.tar.gz"`).type("application/gzip");
        response.send(await archive(files, value.product, value.updatedAt));
      }),
    ),
  });
}

function shown({ value, version }: Kept<ProvisionRecord>): Kept<Provision> {
  const provision = toProvision(value);
  return { value: provision, version, json: JSON.stringify(provision) };
}

function filterOf({
  product,
  template,
  state,
}: z.output<typeof provisionList>): (provision: Provision) => boolean {
  return (provision) =>
    (product === undefined || provision.product === product) &&
    (template === undefined || provision.template === template) &&
    (state === undefined || provision.state === state);
}
