import type { Stored } from "../collection.js";
import { unwrapNested } from "./nested-arrays.js";

/** A document as it is in MongoDB: `{_id: "p1", version: 2, document: {…}}`. */
export interface KeptDocument {
  _id: string;
  version: number;
  document: Record<string, unknown>;
  /** Indexes whose last field holds an array here: it has an entry there for each element, and not one. */
  several?: string[];
}

export function toStored<T>({ _id, version, document }: KeptDocument): Stored<T> {
  return { id: _id, version, document: unwrapNested(document) as T };
}
