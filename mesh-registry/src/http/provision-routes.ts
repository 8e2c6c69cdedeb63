import { principalOf, resource } from "@fieldmesh/runtime";
import type { Request, Response } from "express";
import { z } from "zod";
import { archive } from "../provisioning/bundle.js";
import { type Provisioner, toProvision } from "../provisioning/provisioner.js";
import { resourceId } from "../resources/fields.js";
import type { ProductInput } from "../resources/product.js";
import {
  PROVISION_STATES,
  type Provision,
  type ProvisionInput,
  provisionInput,
} from "../resources/provision.js";
import type { ProvisionRecord } from "../store/provisions.js";
import { RegistryError } from "../store/registry-error.js";
import type { Kept } from "../store/table.js";
import { etagOf, ifMatch, sendResource } from "./conditions.js";
import { creates } from "./create.js";
import { parseQuery } from "./input.js";
import { domainList, nothingAsked, pageOf, sendSlice } from "./lists.js";
import { idOf } from "./path.js";
import { permission } from "./permission.js";
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
  { router, catalogue, reads, writes }: RouteParts,
  provisioner: Provisioner,
): void {
  const { answers, products, domains } = catalogue;
  const { changes, changesDomain, declares, sees } = permission(catalogue);
  /** Whoever may change the product, or put it into its domain. What is not there the provisioner names. */
  const demand = ({ product, parameters }: Provision | ProvisionInput, response: Response): void => {
    const { domain } = parameters;
    if (products.find(product) !== undefined) changes(product, response);
    else if (
      typeof domain === "string" &&
      domains.list({ where: ({ id }) => id === domain, limit: 1 }).total > 0
    ) {
      changesDomain(domain, response);
    }
  };
  const get = (request: Request, response: Response): Kept<ProvisionRecord> => {
    const kept = provisioner.get(idOf(request));
    if (sees(kept.value.product, response)) return kept;
    throw new RegistryError("not_found", `there is no provision "${kept.value.id}"`);
  };
  resource(router, "/provisions", {
    get: reads(
      answered((request, response) => {
        const query = parseQuery(request, provisionList);
        const { items, ...page } = provisioner.list({
          ...pageOf(query),
          where: (each) => filterOf(query)(each) && sees(each.product, response),
        });
        sendSlice(request, response, { items: items.map(shown), ...page });
      }),
    ),
    post: writes(
      creates(answers, provisionInput, async (input, _request, response) => {
        demand(input, response);
        const mayMake = (product: ProductInput): void => declares(undefined, product, response);
        const { kept, made } = await provisioner.provision(input, principalOf(response).name, mayMake);
        const { value, json } = shown(kept);
        return { location: `/provisions/${value.id}`, etag: etagOf(kept), status: made ? 201 : 200, json };
      }),
    ),
  });
  resource(router, "/provisions/:id", {
    get: reads(
      answered((request, response) => {
        parseQuery(request, nothingAsked);
        sendResource(request, response, shown(get(request, response)));
      }),
    ),
    delete: writes(
      answered(async (request, response) => {
        const { value } = get(request, response);
        demand(value, response);
        sendResource(request, response, shown(await provisioner.undo(value.id, ifMatch(request))));
      }),
    ),
  });
  resource(router, "/provisions/:id/bundle", {
    // It holds a password: for who may provision, and in no cache.
    get: writes(
      answered(async (request, response) => {
        const { format } = parseQuery(request, bundleQuery);
        const { value } = get(request, response);
        const { id } = value;
        demand(value, response);
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
