import { z } from "zod";
import { attestation, attestationInput } from "../../resources/attestation.js";
import { complianceChange, complianceReport, complianceSummary } from "../../resources/compliance.js";
import { resourceId } from "../../resources/fields.js";
import { productPolicies } from "../../resources/governance-policy.js";
import { metricsInput, productQuality } from "../../resources/quality-metrics.js";
import { changeList, complianceList, complianceQuery } from "../governance-lists.js";
import type { AddOperation } from "./operation.js";

export function describeGovernance(add: AddOperation): void {
  const path = { id: resourceId };
  add("get", "/compliance", "How products stand against the policies that are for them", {
    query: complianceList,
    answer: complianceSummary,
  });
  add("get", "/products/{id}/compliance", "How one product stands, with what was measured of each rule", {
    path,
    query: complianceQuery,
    answer: z.union([complianceReport, z.array(complianceChange)]),
    list: false,
  });
  add("get", "/products/{id}/compliance/history", "Changes of how a product stood, newest first", {
    path,
    query: changeList,
    answer: complianceChange,
  });
  add(
    "get",
    "/products/{id}/policies",
    "Policies that are for a product, and where they contradict each other",
    {
      path,
      answer: productPolicies,
    },
  );
  add("get", "/products/{id}/quality", "What was measured of a product, and what was posted", {
    path,
    answer: productQuality,
  });
  add("post", "/products/{id}/quality", "Posts what somebody measured of a product", {
    path,
    body: metricsInput,
    answer: productQuality,
  });
  add("get", "/products/{id}/attestations", "What the owner attests of a product", {
    path,
    answer: z.array(attestation),
  });
  add("post", "/products/{id}/attestations", "Attests something that nobody measures", {
    path,
    body: attestationInput,
    answer: attestation,
    status: 201,
    creates: true,
  });
  add("delete", "/products/{id}/attestations/{claim}", "Takes an attestation back", {
    path: { ...path, claim: z.string() },
    status: 204,
  });
}
