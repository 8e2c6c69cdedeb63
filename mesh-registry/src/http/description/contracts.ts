import { z } from "zod";
import { contract } from "../../exchange/contract.js";
import { resourceId } from "../../resources/fields.js";
import { asyncApiQuery, contractQuery } from "../contract-routes.js";
import type { AddOperation } from "./operation.js";

const odcs = z.record(z.string(), z.unknown()).meta({
  id: "Odcs",
  description: "a contract by the Open Data Contract Standard 3.0 or 3.1; also as YAML",
});

export function describeContracts(add: AddOperation): void {
  const path = { id: resourceId };
  add("get", "/products/{id}/contract", "A product with a version of it; also as ODCS 3.1", {
    path,
    query: contractQuery,
    list: false,
    answer: contract,
  });
  add(
    "put",
    "/products/{id}/contract",
    "Brings a product to what an ODCS contract says; If-Match where it is there",
    {
      path,
      body: odcs,
      answer: contract,
      conditional: true,
    },
  );
  add("post", "/contracts", "Registers a product, and its version, by an ODCS contract", {
    body: odcs,
    answer: contract,
    status: 201,
  });
  add("get", "/products/{id}/asyncapi", "The streams of a product as AsyncAPI 3.0", {
    path,
    query: asyncApiQuery,
    list: false,
    answer: z.record(z.string(), z.unknown()),
  });
}
