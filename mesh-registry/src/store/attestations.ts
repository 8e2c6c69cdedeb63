import type { AttestationInput, ProductAttestation } from "../resources/attestation.js";
import type { Collections } from "./collections.js";
import { attestationId, attestationsKey, productKey } from "./keys.js";
import { RegistryError } from "./registry-error.js";
import type { StoreParts } from "./store-parts.js";
import type { TableListener } from "./table.js";

export interface Attestations {
  /** By claim. */
  of(product: string): readonly ProductAttestation[];
  /** Attests, or attests again. @throws RegistryError not_found, conflict, too_many */
  attest(product: string, input: AttestationInput, by: string): Promise<ProductAttestation>;
  /** @throws RegistryError not_found */
  withdraw(product: string, claim: string): Promise<void>;
  onChange(listener: TableListener<ProductAttestation>): () => void;
}

/** Of one product. */
const MAX_ATTESTATIONS = 100;

export function createAttestations(
  { attestations: table, products }: Pick<Collections, "attestations" | "products">,
  { turns, clock }: StoreParts,
): Attestations {
  const byProduct = new Map<string, Map<string, ProductAttestation>>();
  const take = (attestation: ProductAttestation): void => {
    const { product, claim } = attestation;
    const its = byProduct.get(product);
    if (its === undefined) byProduct.set(product, new Map([[claim, attestation]]));
    else its.set(claim, attestation);
  };
  for (const { value } of table.values()) take(value);
  table.onChange((_id, now, before) => {
    if (now !== undefined) take(now.value);
    else if (before !== undefined) {
      const its = byProduct.get(before.value.product);
      its?.delete(before.value.claim);
      if (its?.size === 0) byProduct.delete(before.value.product);
    }
  });
  const checkProduct = (id: string): void => {
    const kept = products.get(id);
    if (kept === undefined) throw new RegistryError("not_found", `there is no data product "${id}"`);
    if (kept.value.status === "retired") {
      throw new RegistryError("conflict", `data product "${id}" is retired: nothing is attested of it`);
    }
  };
  return {
    of: (product) =>
      [...(byProduct.get(product)?.values() ?? [])].sort((a, b) => (a.claim < b.claim ? -1 : 1)),
    attest: (product, input, by) =>
      turns.run({ alone: [attestationsKey(product)], shared: [productKey(product)] }, async () => {
        checkProduct(product);
        const id = attestationId(product, input.claim);
        const attestation: ProductAttestation = { product, ...input, by, at: clock() };
        const kept = table.get(id);
        if (kept === undefined && (byProduct.get(product)?.size ?? 0) >= MAX_ATTESTATIONS) {
          throw new RegistryError("too_many", `there are ${MAX_ATTESTATIONS} attestations: no more are kept`);
        }
        const done =
          kept === undefined
            ? await table.insert(id, attestation)
            : await table.replace(id, kept.version, attestation);
        if (done !== undefined) return done.value;
        throw new RegistryError("changed", `"${input.claim}" was attested by another meanwhile`);
      }),
    withdraw: (product, claim) =>
      turns.run({ alone: [attestationsKey(product)], shared: [productKey(product)] }, async () => {
        checkProduct(product);
        const id = attestationId(product, claim);
        if (table.get(id) === undefined) {
          throw new RegistryError("not_found", `nobody attests "${claim}" of data product "${product}"`);
        }
        await table.remove(id);
      }),
    onChange: (listener) => table.onChange(listener),
  };
}
