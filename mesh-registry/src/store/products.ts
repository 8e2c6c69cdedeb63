import type { Product, ProductInput, ProductUpdate } from "../resources/product.js";
import type { Collections } from "./collections.js";
import type { Precondition } from "./domains.js";
import { domainKey, productKey } from "./keys.js";
import type { Lineage } from "./lineage.js";
import { RegistryError } from "./registry-error.js";
import type { StoreParts } from "./store-parts.js";
import type { Subscriptions } from "./subscriptions.js";
import type { Kept, Slice, SliceQuery, TableListener } from "./table.js";

export interface Products {
  list(query: SliceQuery<Product>): Slice<Product>;
  /** @throws RegistryError not_found */
  get(id: string): Kept<Product>;
  /** Undefined where there is none. */
  find(id: string): Kept<Product> | undefined;
  /** Of every status, in no order. */
  all(): Iterable<Kept<Product>>;
  /** Told of each change, once it is safe. Answers how to stop. */
  onChange(listener: TableListener<Product>): () => void;
  /** @throws RegistryError exists, unknown_reference, too_many */
  create(input: ProductInput): Promise<Kept<Product>>;
  /**
   * Changes what is declared; `change` is given the product as it is then.
   * @throws RegistryError not_found, unknown_reference, conflict; what precondition and change throw
   */
  update(
    id: string,
    change: (now: Product) => ProductUpdate,
    check: Precondition<Product>,
  ): Promise<Kept<Product>>;
  /**
   * Retires it and ends its lineage, and what is left of its subscriptions.
   * @throws RegistryError not_found, conflict while consumers are approved; what the precondition throws
   */
  retire(id: string, check: Precondition<Product>): Promise<Kept<Product>>;
  /** Takes a draft back of which nothing came: no version, nothing made from it, nobody asked for it. @returns whether it is gone */
  discard(id: string): Promise<boolean>;
}

export function createProducts(
  { domains, products: table, versions }: Pick<Collections, "domains" | "products" | "versions">,
  lineage: Lineage,
  subscriptions: Pick<Subscriptions, "refuseWhileApproved" | "endAll" | "ofProduct">,
  { turns, clock, limits }: StoreParts,
): Products {
  const get = (id: string): Kept<Product> => {
    const kept = table.get(id);
    if (kept === undefined) throw new RegistryError("not_found", `there is no data product "${id}"`);
    return kept;
  };
  /** References of a product have to be there. Called with the turn of its domain. */
  const checkReferences = (id: string, { domain, inputPorts }: ProductUpdate): void => {
    if (domains.get(domain) === undefined) {
      throw new RegistryError(
        "unknown_reference",
        `domain: there is no domain "${domain}": register it first`,
        [{ pointer: "/domain", value: domain }],
      );
    }
    for (const [position, { product }] of inputPorts.entries()) {
      const at = [{ pointer: `/inputPorts/${position}/product`, value: product }];
      if (product === id) {
        throw new RegistryError("unknown_reference", `inputPorts: "${id}" is not made from itself`, at);
      }
      if (table.get(product) === undefined) {
        const detail = `inputPorts: there is no data product "${product}": register it first`;
        throw new RegistryError("unknown_reference", detail, at);
      }
    }
  };
  /** Writes a product, and the steps of lineage that its input ports make. */
  const withPorts = async <T>(
    id: string,
    { inputPorts }: ProductUpdate,
    write: () => Promise<T | undefined>,
  ): Promise<T | undefined> => {
    const steps = lineage.ports.prepare(id, inputPorts);
    let written: T | undefined;
    try {
      written = await write();
    } finally {
      if (written === undefined) steps.cancel();
    }
    if (written !== undefined) await steps.commit();
    return written;
  };
  return {
    list: (query) => table.slice(query),
    get,
    find: (id) => table.get(id),
    all: () => table.values(),
    onChange: (listener) => table.onChange(listener),
    create: (input) =>
      turns.run({ alone: [productKey(input.id)], shared: sharedBy(input) }, async () => {
        if (table.get(input.id) === undefined) {
          if (table.size >= limits.products) {
            throw new RegistryError("too_many", `there are ${table.size} data products: no more are kept`);
          }
          checkReferences(input.id, input);
          refuseRetired(input);
          const now = clock();
          const made = await withPorts(input.id, input, () =>
            table.insert(input.id, { ...input, createdAt: now, updatedAt: now }),
          );
          if (made !== undefined) return made;
        }
        throw new RegistryError("exists", `there is a data product "${input.id}" already`);
      }),
    async update(id, change, check) {
      // What it is to refer to is known only from what it is: asked again when that has changed meanwhile.
      const shared = sharedBy(change(get(id).value));
      return turns.run({ alone: [productKey(id)], shared }, async () => {
        const kept = get(id);
        check(kept);
        if (kept.value.status === "retired") {
          throw new RegistryError("conflict", `data product "${id}" is retired: it does not change any more`);
        }
        const update = change(kept.value);
        if (!sharedBy(update).every((key) => shared.includes(key))) throw changedMeanwhile(id);
        checkReferences(id, update);
        refuseRetired(update);
        const { createdAt, observed } = kept.value;
        const changed: Product = {
          id,
          ...update,
          ...(observed === undefined ? {} : { observed }),
          createdAt,
          updatedAt: clock(),
        };
        const replaced = await withPorts(id, update, () => table.replace(id, kept.version, changed));
        if (replaced !== undefined) return replaced;
        throw changedMeanwhile(id);
      });
    },
    retire: (id, check) =>
      // Whoever makes a step of lineage shares its products: none is on its way to this one now.
      turns.run({ alone: [productKey(id)] }, async () => {
        const kept = get(id);
        check(kept);
        subscriptions.refuseWhileApproved(id);
        const retired: Product = { ...kept.value, status: "retired", updatedAt: clock() };
        const done = kept.value.status === "retired" ? kept : await table.replace(id, kept.version, retired);
        if (done === undefined) throw changedMeanwhile(id);
        await Promise.all([lineage.endAll(id), subscriptions.endAll(id)]);
        return done;
      }),
    discard: (id) =>
      turns.run({ alone: [productKey(id)] }, async () => {
        const product = table.get(id)?.value;
        if (product === undefined) return true;
        if (subscriptions.ofProduct(id).length > 0) return false;
        if (product.status !== "draft" || (await versions.count("sequence", [id])) > 0) return false;
        const madeFrom = ({ inputPorts }: Product): boolean => inputPorts.some((port) => port.product === id);
        if (table.slice({ where: madeFrom, limit: 1 }).total > 0) return false;
        await lineage.endAll(id);
        await table.remove(id);
        return true;
      }),
  };
}

/** What has to stay as it is while a product is written: its domain, and what it is made from. */
function sharedBy({ domain, inputPorts }: ProductUpdate): string[] {
  return [domainKey(domain), ...inputPorts.map(({ product }) => productKey(product))];
}

function refuseRetired({ status }: ProductUpdate): void {
  if (status !== "retired") return;
  const detail = "status: a product is retired by DELETE, which ends its lineage, too";
  throw new RegistryError("conflict", detail, [{ pointer: "/status", value: status }]);
}

function changedMeanwhile(id: string): RegistryError {
  return new RegistryError("changed", `data product "${id}" was changed by another meanwhile`);
}
