import type { Role } from "@fieldmesh/runtime";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { Asker } from "../access/asker.js";
import { accessPolicy } from "../resources/access-policy.js";
import { domainInput } from "../resources/domain.js";
import { PRODUCT_STATUSES, productInput, productUpdate, VISIBILITIES } from "../resources/product.js";
import { versionInput } from "../resources/version.js";
import { type Catalogue, openCatalogue } from "../store/catalogue.js";
import { embeddedStorage, temporaryFolder } from "../testing/embedded.js";
import { entryOf } from "./entry.js";

const NOW = 1_000_000;
const NAMES = ["ann", "owen", "tess", "lara", "bob"] as const;
const anyOf = <T>(values: readonly T[]) => fc.constantFrom(...values);

const products = fc.record({
  owner: anyOf(["ann", "owen", "unclaimed"]),
  status: anyOf(PRODUCT_STATUSES),
  visibility: anyOf(VISIBILITIES),
  policy: fc.option(
    fc.record({
      autoApprove: fc.boolean(),
      roles: fc.subarray(["viewer", "operator"]),
      domains: fc.subarray(["lab", "nowhere"]),
      consumers: fc.subarray([...NAMES]),
    }),
  ),
  /** Who subscribed: until when, or for ever; and whether it was revoked. */
  subscriptions: fc.uniqueArray(
    fc.record({
      consumer: anyOf(NAMES),
      until: fc.option(anyOf([NOW + 5, NOW + 50])),
      revoked: fc.boolean(),
    }),
    { maxLength: 3, selector: ({ consumer }) => consumer },
  ),
});

const askers: fc.Arbitrary<Asker> = fc.record(
  {
    name: anyOf(NAMES),
    role: anyOf<Role>(["viewer", "operator", "admin"]),
    scopes: fc.record({
      domains: fc.subarray(["env", "lab", "nowhere"]),
      products: fc.subarray(["p0", "p1"]),
    }),
  },
  { requiredKeys: ["name", "role"] },
);

/** As the historian reads the document; its own tests hold it to that. */
function reads(catalogue: Catalogue, id: string, { name, role, scopes }: Asker, now: number): boolean {
  const product = catalogue.products.get(id).value;
  const domain = catalogue.domains.find(product.domain)?.value;
  const version = catalogue.newestVersions.versionOf(id);
  const parts = {
    product,
    domain,
    version,
    validity: undefined,
    readers: catalogue.access.readersOf(product),
  };
  const { readers } = product.status === "draft" && product.owner === "unclaimed" ? {} : entryOf(parts);
  if (role === "admin" || readers === undefined || readers.roles.includes(role)) return true;
  if (readers.domains.some((each) => scopes?.domains.includes(each) === true)) return true;
  const isOffered = readers.status === "active" || readers.status === "deprecated";
  if (isOffered && scopes?.products.includes(readers.product) === true) return true;
  const until = Object.hasOwn(readers.consumers, name) ? readers.consumers[name] : undefined;
  return until === null || (until !== undefined && until > now);
}

test("what the historian is told lets in exactly those whom the registry lets in, now and later", async () => {
  let now = NOW;
  const storage = await embeddedStorage(await temporaryFolder());
  const catalogue = await openCatalogue({ storage, clock: () => now });
  await catalogue.domains.create(
    domainInput.parse({ id: "env", name: "Env", owner: "owen", team: ["tess"] }),
  );
  await catalogue.domains.create(domainInput.parse({ id: "lab", name: "Lab", owner: "lara" }));
  const given = fc.sample(products, { numRuns: 60, seed: 7 });
  const ids = given.map((_, index) => `p${index}`);
  for (const [index, { status, policy, subscriptions, ...declared }] of given.entries()) {
    const id = `p${index}`;
    await catalogue.products.create(productInput.parse({ id, domain: "env", ...declared, status: "active" }));
    if (policy !== null) {
      const version = {
        version: "1.0.0",
        schema: { value: "number" },
        accessPolicy: accessPolicy.parse(policy),
      };
      await catalogue.versions.publish(id, versionInput.parse(version), "ann");
    }
    for (const { consumer, until, revoked } of subscriptions) {
      const wish = { product: id, consumer, purpose: "charts", by: consumer };
      const { kept } = await catalogue.subscriptions.ask({ ...wish, expiresAt: until ?? undefined });
      await catalogue.subscriptions.approve(kept.value.id, { by: "ann" }, () => undefined);
      if (revoked || status === "retired") {
        await catalogue.subscriptions.revoke(kept.value.id, { by: "ann", reason: "done" }, () => undefined);
      }
    }
    const update = productUpdate.parse({
      domain: "env",
      ...declared,
      status: status === "retired" ? "active" : status,
    });
    if (status === "retired") await catalogue.products.retire(id, () => undefined);
    else
      await catalogue.products.update(
        id,
        () => update,
        () => undefined,
      );
  }
  for (now of [NOW, NOW + 5, NOW + 50]) {
    fc.assert(
      fc.property(askers, anyOf(ids), (asker, id) => {
        const { allowed, reason } = catalogue.access.mayRead(catalogue.products.get(id).value, asker);
        expect([id, reason, reads(catalogue, id, asker, now)]).toEqual([id, reason, allowed]);
      }),
      { numRuns: 400 },
    );
  }
});
