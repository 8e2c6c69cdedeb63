import { resourceId } from "../../resources/fields.js";
import {
  governancePolicy,
  governancePolicyInput,
  governancePolicyUpdate,
} from "../../resources/governance-policy.js";
import { policyList } from "../governance-lists.js";
import type { AddOperation } from "./operation.js";

export function describePolicies(add: AddOperation): void {
  const path = { id: resourceId };
  add("get", "/policies", "Governance policies, by id", { query: policyList, answer: governancePolicy });
  add(
    "post",
    "/policies",
    "Makes a policy; one of a domain, a product or a tag does not loosen a mandatory one of all",
    { body: governancePolicyInput, answer: governancePolicy, status: 201, creates: true },
  );
  add("get", "/policies/{id}", "One policy", { path, answer: governancePolicy });
  add("put", "/policies/{id}", "Replaces a policy", {
    path,
    body: governancePolicyUpdate,
    answer: governancePolicy,
    conditional: true,
  });
  add("delete", "/policies/{id}", "Removes a policy", { path, status: 204, conditional: true });
}
