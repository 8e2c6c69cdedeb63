import { parseStreamName } from "@fieldmesh/protocol";
import type { ClaimInput } from "../resources/claim.js";
import type { Product, ProductUpdate } from "../resources/product.js";
import { UNCLAIMED } from "../store/observations.js";
import { RegistryError } from "../store/registry-error.js";

/**
 * What is declared of a product once somebody takes it on: what they say, and where the readings come out, when
 * nothing is said of that.
 * @throws RegistryError conflict when it is somebody's already
 */
export function claimed(product: Product, { tags, ...said }: ClaimInput): ProductUpdate {
  const { id, owner } = product;
  if (owner !== UNCLAIMED) {
    throw new RegistryError(
      "conflict",
      `data product "${id}" is of ${owner} already: only it can pass it on`,
      [{ pointer: "/owner", value: said.owner }],
    );
  }
  if (said.owner === UNCLAIMED) {
    throw new RegistryError("conflict", `owner: "${UNCLAIMED}" is nobody: expected who takes it on`, [
      { pointer: "/owner", value: said.owner },
    ]);
  }
  const { id: _id, observed, createdAt: _made, updatedAt: _changed, ...declared } = product;
  const given = Object.fromEntries(Object.entries(said).filter(([, value]) => value !== undefined));
  return {
    ...declared,
    ...given,
    ...(tags === undefined ? {} : { tags }),
    outputPorts: declared.outputPorts.length > 0 ? declared.outputPorts : readingsOf(observed?.stream),
  };
}

function readingsOf(stream: string | undefined): ProductUpdate["outputPorts"] {
  const parsed = parseStreamName(stream ?? "");
  if (!parsed.ok) return [];
  const { domain, node, sensor } = parsed.value;
  return [{ kind: "mqtt", name: "readings", topicFilter: `${domain}/${node}/${sensor}/raw` }];
}
