import { z } from "zod";
import { resourceId } from "../../resources/fields.js";
import { bundle, provision, provisionInput } from "../../resources/provision.js";
import { template, templateInput, templateUpdate } from "../../resources/template.js";
import { domainList } from "../lists.js";
import { bundleQuery, provisionList } from "../provision-routes.js";
import type { AddOperation } from "./operation.js";

export function describeTemplates(add: AddOperation): void {
  const path = { id: resourceId };
  add("get", "/templates", "Templates, by id", { query: domainList, answer: template });
  add("post", "/templates", "Makes a template", {
    body: templateInput,
    answer: template,
    status: 201,
    creates: true,
  });
  add("get", "/templates/{id}", "One template", { path, answer: template });
  add("put", "/templates/{id}", "Replaces a template; what was provisioned stays", {
    path,
    body: templateUpdate,
    answer: template,
    conditional: true,
  });
  add("delete", "/templates/{id}", "Removes a template; what was provisioned stays", {
    path,
    status: 204,
    conditional: true,
  });
}

export function describeProvisions(add: AddOperation): void {
  const path = { id: z.string() };
  add("get", "/provisions", "What was provisioned, by id", { query: provisionList, answer: provision });
  add("post", "/provisions", "Makes what a template says for a product; 200 when it was there", {
    body: provisionInput,
    answer: provision,
    status: 201,
    creates: true,
  });
  add("get", "/provisions/{id}", "One provision, with its steps", { path, answer: provision });
  add("delete", "/provisions/{id}", "Takes a provision back, step by step", {
    path,
    answer: provision,
    conditional: true,
  });
  add(
    "get",
    "/provisions/{id}/bundle",
    "Its files, with the node's password: an archive, or JSON by format=json",
    {
      path,
      query: bundleQuery,
      list: false,
      answer: bundle,
    },
  );
}
