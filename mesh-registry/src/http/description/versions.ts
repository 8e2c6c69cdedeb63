import { resourceId } from "../../resources/fields.js";
import { version, versionInput, versionNumber } from "../../resources/version.js";
import { versionList } from "../lists.js";
import type { AddOperation } from "./operation.js";

export function describeVersions(add: AddOperation): void {
  const path = { id: resourceId };
  add("get", "/products/{id}/versions", "Versions of a product, newest first", {
    path,
    query: versionList,
    answer: version,
  });
  add("post", "/products/{id}/versions", "Publishes a version, which never changes", {
    path,
    body: versionInput,
    answer: version,
    status: 201,
    creates: true,
  });
  add("get", "/products/{id}/versions/{version}", "One version", {
    path: { ...path, version: versionNumber },
    answer: version,
  });
}
