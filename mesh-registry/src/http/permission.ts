import { parseStreamName } from "@fieldmesh/protocol";
import { HttpProblem, principalOf } from "@fieldmesh/runtime";
import type { Response } from "express";
import { UNCLAIMED } from "../access/asker.js";
import type { Decision } from "../access/decisions.js";
import { foreignFilters } from "../access/port-rights.js";
import type { Domain } from "../resources/domain.js";
import type { Product } from "../resources/product.js";
import type { Catalogue } from "../store/catalogue.js";
import { RegistryError } from "../store/registry-error.js";
import type { Kept } from "../store/table.js";

/** Who asks, and what they may: for the routes of one resource. */
export interface Permission {
  /** A product that the asker may know of. @throws RegistryError not_found, also of one that is hidden from it */
  seen: (id: string, response: Response) => Kept<Product>;
  /** A product that the asker may change. @throws RegistryError not_found; ForbiddenProblem */
  changes: (id: string, response: Response) => Kept<Product>;
  /** A domain that the asker may change. @throws RegistryError not_found; ForbiddenProblem */
  changesDomain: (id: string, response: Response) => Kept<Domain>;
  /**
   * What a product is to be is for the asker to say: it is put into a domain of its own, made from products that it
   * knows of, opens no topics of others, and does not take the name of another's stream.
   * @throws RegistryError unknown_reference; ForbiddenProblem
   */
  declares: (before: Product | undefined, next: Declared, response: Response) => void;
  mayChange: (product: Product, response: Response) => boolean;
  /** Whether the asker may know of a product; of what is not there nothing is to be hidden. */
  sees: (id: string, response: Response) => boolean;
}

type Declared = Pick<Product, "domain" | "outputPorts" | "inputPorts"> & { id?: string };

export function permission({
  products,
  domains,
  access,
}: Pick<Catalogue, "products" | "domains" | "access">): Permission {
  const seen = (id: string, response: Response): Kept<Product> => {
    const kept = products.get(id);
    if (access.maySee(kept.value, principalOf(response))) return kept;
    throw noProduct(id);
  };
  const sees = (id: string, response: Response): boolean => {
    const kept = products.find(id);
    return kept === undefined || access.maySee(kept.value, principalOf(response));
  };
  return {
    seen,
    mayChange: (product, response) => access.mayChange(product, principalOf(response)).allowed,
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
    declares(before, next, response) {
      const asker = principalOf(response);
      if (asker.role === "admin") return;
      const isOpenTo = (id: string): boolean => {
        const domain = domains.find(id);
        return domain !== undefined && access.mayChangeDomain(domain.value, asker).allowed;
      };
      // Of a domain that is nobody's, anybody would open what others are about to claim.
      const opens = (id: string): boolean => isOpenTo(id) && domains.find(id)?.value.owner !== UNCLAIMED;
      const domain = domains.find(next.domain);
      // One that is not there is refused by who looks for it.
      if (domain !== undefined && next.domain !== before?.domain) {
        demand(access.mayChangeDomain(domain.value, asker));
      }
      const stream = before === undefined && next.id !== undefined ? parseStreamName(next.id) : undefined;
      const streamDomain = stream?.ok === true ? domains.find(stream.value.domain) : undefined;
      if (streamDomain !== undefined && !isOpenTo(streamDomain.value.id)) {
        throw forbidden(
          `id: "${next.id}" is the name of a stream of the domain "${streamDomain.value.id}", and its product would say who reads it: expected another name`,
        );
      }
      const [foreign] = foreignFilters(before, next, opens);
      if (foreign !== undefined) {
        throw forbidden(
          `outputPorts: "${foreign.topicFilter}" reaches beyond the domains of ${asker.name}: its first level has to be one of them; an administrator may declare others`,
          before === undefined ? undefined : before.id,
        );
      }
      const had = new Set(before?.inputPorts.map(({ product }) => product));
      for (const [position, { product }] of next.inputPorts.entries()) {
        if (had.has(product) || sees(product, response)) continue;
        const detail = `inputPorts: there is no data product "${product}": register it first`;
        throw new RegistryError("unknown_reference", detail, [
          { pointer: `/inputPorts/${position}/product`, value: product },
        ]);
      }
    },
    sees,
  };
}

/** Of one that is hidden, word for word what is said of one that is not there. */
export function noProduct(id: string): RegistryError {
  return new RegistryError("not_found", `there is no data product "${id}"`);
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
