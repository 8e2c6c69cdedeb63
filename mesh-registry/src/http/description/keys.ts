import { z } from "zod";
import { apiKey, apiKeyInput, newApiKey } from "../../resources/api-key.js";
import { domainList } from "../lists.js";
import type { AddOperation } from "./operation.js";

export function describeKeys(add: AddOperation): void {
  add("get", "/keys", "API keys, without the keys themselves: for administrators", {
    query: domainList,
    answer: apiKey,
  });
  add("post", "/keys", "Makes an API key, which is shown this once", {
    body: apiKeyInput,
    answer: newApiKey,
    status: 201,
  });
  add("delete", "/keys/{id}", "Revokes a key at once", { path: { id: z.string() }, status: 204 });
}
