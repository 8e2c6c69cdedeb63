import { resource } from "@fieldmesh/runtime";
import type { Request, Response } from "express";
import type { z } from "zod";
import type { Compliance } from "../compliance/compliance.js";
import { whole } from "../compliance/judge.js";
import { overrulerOf } from "../governance/policy-book.js";
import type { ComplianceReport } from "../resources/compliance.js";
import type { ProductPolicies } from "../resources/governance-policy.js";
import { RegistryError } from "../store/registry-error.js";
import { changeList, complianceList, complianceQuery } from "./governance-lists.js";
import { parseQuery } from "./input.js";
import { nothingAsked, pageOf, sendList, toCursor } from "./lists.js";
import { idOf } from "./path.js";
import { permission } from "./permission.js";
import { answered } from "./problems.js";
import type { RouteParts } from "./route-parts.js";

/** How products stand against the policies that are for them. */
export function complianceRoutes({ router, catalogue, reads }: RouteParts, compliance: Compliance): void {
  const { products, versions, complianceRecords } = catalogue;
  const { seen, sees } = permission(catalogue);

  const sendHistory = async (
    id: string,
    { limit = 100, after }: z.output<typeof changeList>,
    request: Request,
    response: Response,
  ): Promise<void> => {
    sendList(request, response, await complianceRecords.changes(id, { limit, after }));
  };

  resource(router, "/compliance", {
    get: reads(
      answered((request, response) => {
        const query = parseQuery(request, complianceList);
        const { state, domain, owner, status } = query;
        const { items, total, next } = products.list({
          ...pageOf(query),
          where: (product) =>
            (status === undefined
              ? product.status !== "draft" && product.status !== "retired"
              : product.status === status) &&
            (domain === undefined || product.domain === domain) &&
            (owner === undefined || product.owner === owner) &&
            sees(product.id, response) &&
            (state === undefined || compliance.summaryOf(product).state === state),
        });
        sendList(request, response, {
          items: items.map(({ value }) => compliance.summaryOf(value)),
          total,
          next: next === undefined ? next : toCursor(next),
        });
      }),
    ),
  });
  resource(router, "/products/:id/compliance", {
    get: reads(
      answered(async (request, response) => {
        const { history = "false", policy, ...page } = parseQuery(request, complianceQuery);
        const { id } = seen(idOf(request), response).value;
        if (history !== "false") return sendHistory(id, page, request, response);
        const report = compliance.of(id);
        response.set({ "Cache-Control": "private, no-cache", Vary: "Authorization, Cookie" });
        response.json(policy === undefined ? report : ofPolicy(report, policy));
      }),
    ),
  });
  resource(router, "/products/:id/compliance/history", {
    get: reads(
      answered(async (request, response) => {
        const page = parseQuery(request, changeList);
        await sendHistory(seen(idOf(request), response).value.id, page, request, response);
      }),
    ),
  });
  resource(router, "/products/:id/policies", {
    get: reads(
      answered((request, response) => {
        parseQuery(request, nothingAsked);
        const { value: product } = seen(idOf(request), response);
        const asked = compliance.rulesFor(product);
        const answer: ProductPolicies = {
          product: product.id,
          version: versions.newest(product.id) ?? null,
          policies: [...new Set(asked.map(({ policy }) => policy))],
          rules: asked.map((each) => ({
            policy: each.policy.id,
            index: each.index,
            rule: each.text,
            enforcement: each.policy.enforcement,
            counts: overrulerOf(each) === undefined,
            conflicts: each.conflicts.map(({ mandatory, why, reason }) => ({
              policy: mandatory.policy.id,
              index: mandatory.index,
              rule: mandatory.text,
              why,
              reason,
            })),
          })),
        };
        response.set({ "Cache-Control": "private, no-cache", Vary: "Authorization, Cookie" });
        response.json(answer);
      }),
    ),
  });
}

/** @throws RegistryError not_found when the policy is not for this product */
function ofPolicy(report: ComplianceReport, policy: string): ComplianceReport {
  const rules = report.rules.filter((rule) => rule.policy === policy);
  if (rules.length > 0) return { ...report, ...whole(rules), since: null, rules };
  throw new RegistryError("not_found", `there is no policy "${policy}" for data product "${report.product}"`);
}
