import { resource } from "@fieldmesh/runtime";
import type { z } from "zod";
import { isFor } from "../governance/applicable.js";
import {
  type GovernancePolicy,
  governancePolicyInput,
  governancePolicyUpdate,
} from "../resources/governance-policy.js";
import type { Products } from "../store/products.js";
import { etagOf, ifMatch, sendResource } from "./conditions.js";
import { creates } from "./create.js";
import { policyList } from "./governance-lists.js";
import { parseBody, parseQuery } from "./input.js";
import { nothingAsked, pageOf, sendSlice } from "./lists.js";
import { idOf } from "./path.js";
import { answered } from "./problems.js";
import type { RouteParts } from "./route-parts.js";

export function policyRoutes({ router, catalogue, reads, writes }: RouteParts): void {
  const { policies, products, answers } = catalogue;
  resource(router, "/policies", {
    get: reads(
      answered((request, response) => {
        const query = parseQuery(request, policyList);
        sendSlice(request, response, policies.list({ ...pageOf(query), where: filterOf(query, products) }));
      }),
    ),
    post: writes(
      creates(answers, governancePolicyInput, async (input) => {
        const kept = await policies.create(input);
        return { location: `/policies/${kept.value.id}`, etag: etagOf(kept), json: kept.json };
      }),
    ),
  });
  resource(router, "/policies/:id", {
    get: reads(
      answered((request, response) => {
        parseQuery(request, nothingAsked);
        sendResource(request, response, policies.get(idOf(request)));
      }),
    ),
    put: writes(
      answered(async (request, response) => {
        const id = idOf(request);
        const update = parseBody(request, governancePolicyUpdate);
        sendResource(request, response, await policies.update(id, update, ifMatch(request)));
      }),
    ),
    delete: writes(
      answered(async (request, response) => {
        await policies.remove(idOf(request), ifMatch(request));
        response.status(204).end();
      }),
    ),
  });
}

function filterOf(
  { type, enforcement, scope, domain, product }: z.output<typeof policyList>,
  products: Products,
): (policy: GovernancePolicy) => boolean {
  const judged = product === undefined ? undefined : products.get(product).value;
  return (policy) =>
    (type === undefined || policy.type === type) &&
    (enforcement === undefined || policy.enforcement === enforcement) &&
    (scope === undefined || policy.scope.kind === scope) &&
    (domain === undefined || (policy.scope.kind === "domain" && policy.scope.domain === domain)) &&
    (judged === undefined || isFor(policy.scope, judged));
}
