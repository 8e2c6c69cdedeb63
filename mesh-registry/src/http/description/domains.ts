import { domain, domainInput, domainUpdate } from "../../resources/domain.js";
import { domainId } from "../../resources/fields.js";
import { domainList } from "../lists.js";
import type { AddOperation } from "./operation.js";

export function describeDomains(add: AddOperation): void {
  const path = { id: domainId };
  add("get", "/domains", "Domains, by id", { query: domainList, answer: domain });
  add("post", "/domains", "Registers a domain", {
    body: domainInput,
    answer: domain,
    status: 201,
    creates: true,
  });
  add("get", "/domains/{id}", "One domain", { path, answer: domain });
  add("put", "/domains/{id}", "Replaces what is said of a domain", {
    path,
    body: domainUpdate,
    answer: domain,
    conditional: true,
  });
  add("delete", "/domains/{id}", "Removes a domain that has no products", {
    path,
    status: 204,
    conditional: true,
  });
}
