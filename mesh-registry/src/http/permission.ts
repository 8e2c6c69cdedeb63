import { HttpProblem, principalOf } from "@fieldmesh/runtime";
import type { Response } from "express";
import type { Decision } from "../access/decisions.js";
import type { Domain } from "../resources/domain.js";
import type { Product } from "../resources/product.js";
import type { Catalogue } from "../store/catalogue.js";
import { RegistryError } from "../store/registry-error.js";
import type { Kept } from "../store/table.js";

/** Who asks, and what they may: for the routes of one resource. */
export interface Permission {
  /** A product that the asker may know of. @throws RegistryError not_found, also of one that is hidden from it */
  seen: (id: string, response: Response) => Kept<Product>;
  /** A product that the asker may change. @throws RegistryError not_found; HttpProblem 403 */
  changes: (id: string, response: Response) => Kept<Product>;
  /** A domain that the asker may change. @throws RegistryError not_found; HttpProblem 403 */
  changesDomain: (id: string, response: Response) => Kept<Domain>;
  /** Whether the asker may know of a product; of what is not there nothing is to be hidden. */
  sees: (id: string, response: Response) => boolean;
}

export function permission({
  products,
  domains,
  access,
}: Pick<Catalogue, "products" | "domains" | "access">): Permission {
  const seen = (id: string, response: Response): Kept<Product> => {
    const kept = products.get(id);
    if (access.maySee(kept.value, principalOf(response))) return kept;
    // Word for word what is said of one that is not there.
    throw new RegistryError("not_found", `there is no data product "${id}"`);
  };
  return {
    seen,
    changes(id, response) {
      const kept = seen(id, response);
      demand(access.mayChange(kept.value, principalOf(response)), id);
      return kept;
    },
    changesDomain(id, response) {
      const kept = domains.get(id);
      demand(access.mayChangeDomain(kept.value, principalOf(response)));
      return kept;
    },
    sees(id, response) {
      const kept = products.find(id);
      return kept === undefined || access.maySee(kept.value, principalOf(response));
    },
  };
}

/** @throws ForbiddenProblem with the reason */
export function demand({ allowed, reason }: Decision, product?: string): void {
  if (!allowed) throw forbidden(reason, product);
}

/** Something that is for its owner: 403. With the product that it is about it comes into the access log. */
export function forbidden(reason: string, product?: string): HttpProblem {
  return new ForbiddenProblem(reason, product);
}

export class ForbiddenProblem extends HttpProblem {
  readonly product: string | undefined;

  constructor(reason: string, product?: string) {
    super(403, "not_yours", reason);
    this.product = product;
  }
}
