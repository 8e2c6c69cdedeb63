import { principalOf, resource } from "@fieldmesh/runtime";
import type { Request, Response } from "express";
import type { z } from "zod";
import { isFor } from "../governance/applicable.js";
import {
  type GovernancePolicy,
  governancePolicyInput,
  governancePolicyUpdate,
  type PolicyScope,
} from "../resources/governance-policy.js";
import type { Product } from "../resources/product.js";
import type { Precondition } from "../store/domains.js";
import { RegistryError } from "../store/registry-error.js";
import type { Kept } from "../store/table.js";
import { etagOf, ifMatch, sendResource } from "./conditions.js";
import { creates } from "./create.js";
import { policyList } from "./governance-lists.js";
import { parseBody, parseQuery } from "./input.js";
import { nothingAsked, pageOf, sendSlice } from "./lists.js";
import { idOf } from "./path.js";
import { forbidden, permission } from "./permission.js";
import { answered } from "./problems.js";
import type { RouteParts } from "./route-parts.js";

/** Policies: whoever owns what one is for makes it; those of all, and of a tag, are made by administrators. */
export function policyRoutes({ router, catalogue, reads }: RouteParts): void {
  const { policies, answers } = catalogue;
  const { seen, sees, changes, changesDomain } = permission(catalogue);
  /** @throws HttpProblem 403, RegistryError not_found of what the asker may not know of */
  const demandScope = (scope: PolicyScope, response: Response): void => {
    if (principalOf(response).role === "admin") return;
    switch (scope.kind) {
      case "domain":
        changesDomain(scope.domain, response);
        return;
      case "product":
        changes(scope.product, response);
        return;
      case "global":
      case "tag":
        throw forbidden(
          `a policy of scope ${scope.kind} is for products of every domain: administrators make, change and remove it`,
        );
    }
  };
  const isSeen = ({ scope }: GovernancePolicy, response: Response): boolean =>
    scope.kind !== "product" || sees(scope.product, response);
  const seenPolicy = (request: Request, response: Response): Kept<GovernancePolicy> => {
    const id = idOf(request);
    const kept = policies.get(id);
    if (isSeen(kept.value, response)) return kept;
    throw new RegistryError("not_found", `there is no policy "${id}"`);
  };
  /** Of the policy as it is when it is changed. */
  const mayChange =
    (check: Precondition<GovernancePolicy>, response: Response): Precondition<GovernancePolicy> =>
    (kept) => {
      demandScope(kept.value.scope, response);
      check(kept);
    };
  resource(router, "/policies", {
    get: reads(
      answered((request, response) => {
        const query = parseQuery(request, policyList);
        const product = query.product === undefined ? undefined : seen(query.product, response).value;
        const fits = filterOf(query, product);
        const where = (policy: GovernancePolicy): boolean => fits(policy) && isSeen(policy, response);
        sendSlice(request, response, policies.list({ ...pageOf(query), where }));
      }),
    ),
    post: reads(
      creates(answers, governancePolicyInput, async (input, _request, response) => {
        demandScope(input.scope, response);
        const kept = await policies.create(input);
        return { location: `/policies/${kept.value.id}`, etag: etagOf(kept), json: kept.json };
      }),
    ),
  });
  resource(router, "/policies/:id", {
    get: reads(
      answered((request, response) => {
        parseQuery(request, nothingAsked);
        sendResource(request, response, seenPolicy(request, response));
      }),
    ),
    put: reads(
      answered(async (request, response) => {
        const { id } = seenPolicy(request, response).value;
        const update = parseBody(request, governancePolicyUpdate);
        demandScope(update.scope, response);
        const check = mayChange(ifMatch(request), response);
        sendResource(request, response, await policies.update(id, update, check));
      }),
    ),
    delete: reads(
      answered(async (request, response) => {
        const { id } = seenPolicy(request, response).value;
        await policies.remove(id, mayChange(ifMatch(request), response));
        response.status(204).end();
      }),
    ),
  });
}

function filterOf(
  { type, enforcement, scope, domain }: z.output<typeof policyList>,
  judged: Product | undefined,
): (policy: GovernancePolicy) => boolean {
  return (policy) =>
    (type === undefined || policy.type === type) &&
    (enforcement === undefined || policy.enforcement === enforcement) &&
    (scope === undefined || policy.scope.kind === scope) &&
    (domain === undefined || (policy.scope.kind === "domain" && policy.scope.domain === domain)) &&
    (judged === undefined || isFor(policy.scope, judged));
}
