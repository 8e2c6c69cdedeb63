import { principalOf, resource } from "@fieldmesh/runtime";
import type { Response } from "express";
import { readSchema } from "../../compatibility/short-forms.js";
import { type Product, productInput } from "../../resources/product.js";
import type { Version } from "../../resources/version.js";
import { RegistryError } from "../../store/registry-error.js";
import type { Kept } from "../../store/table.js";
import { parseBody } from "../input.js";
import { idOf } from "../path.js";
import { demand, permission } from "../permission.js";
import type { RouteParts } from "../route-parts.js";
import { seedAnswered, sendDone } from "./envelope.js";
import {
  publishedSchema,
  type SeedProductInput,
  seedProductInput,
  seedProductUpdate,
  toSeedProduct,
} from "./seed-product.js";

/** Whoever could write here had seen nothing before: the last one wins. */
const ANY = (): void => undefined;

export function seedProductRoutes({ router, catalogue, reads, writes }: RouteParts): void {
  const { domains, products, versions, access } = catalogue;
  const { seen, changes, declares } = permission(catalogue);

  /** These clients know of no domains: the first product of one makes it. */
  const haveDomain = async ({ domain, owner }: SeedProductInput, response: Response): Promise<void> => {
    const known = domains.list({ where: ({ id }) => id === domain, limit: 1 }).items[0];
    if (known !== undefined) {
      demand(access.mayChangeDomain(known.value, principalOf(response)));
      return;
    }
    try {
      const team = [principalOf(response).name];
      await domains.create({ id: domain, name: domain, owner, team, description: "" });
    } catch (error) {
      if (!(error instanceof RegistryError && error.code === "exists")) throw error;
    }
  };
  /** A retired one is gone for them. */
  const present = (kept: Kept<Product>): Kept<Product> => {
    const { id, status } = kept.value;
    if (status !== "retired") return kept;
    throw new RegistryError("not_found", `there is no data product "${id}" any more: it is retired`);
  };

  resource(router, "/register_product", {
    post: writes(
      seedAnswered(async (request, response) => {
        const input = parseBody(request, seedProductInput);
        const { name, version } = input;
        const schema = publishedSchema(input.schema);
        checkSchema(schema);
        declares(undefined, { id: name, domain: input.domain, outputPorts: [], inputPorts: [] }, response);
        await haveDomain(input, response);
        const { domain, owner, description, tags, status } = input;
        const kept = await products.create({
          ...productInput.parse({ id: name, domain, owner, visibility: "public" }),
          description,
          tags,
          status,
        });
        await versions.publish(name, { version, schema, ...PUBLISHED }, principalOf(response).name);
        sendDone(response, "Product registered successfully", toSeedProduct(kept, versions));
      }),
    ),
  });
  resource(router, "/product/:name", {
    get: reads(
      seedAnswered((request, response) => {
        response.set({ "Cache-Control": "private, no-cache", Vary: "Authorization, Cookie" });
        response.json(toSeedProduct(present(seen(idOf(request, "name"), response)), versions));
      }),
    ),
    put: writes(
      seedAnswered(async (request, response) => {
        const id = idOf(request, "name");
        const { description, status, tags, schema: given } = parseBody(request, seedProductUpdate);
        present(changes(id, response));
        const schema = given === undefined || given === null ? undefined : publishedSchema(given);
        if (schema !== undefined) checkSchema(schema);
        const kept = await products.update(
          id,
          (now) => ({
            ...declaredOf(now),
            ...(isGiven(description) ? { description } : {}),
            ...(isGiven(status) ? { status } : {}),
            ...(isGiven(tags) ? { tags } : {}),
          }),
          ANY,
        );
        if (schema !== undefined) await publishNext(id, schema, principalOf(response).name);
        sendDone(response, "Product updated successfully", toSeedProduct(kept, versions));
      }),
    ),
    delete: writes(
      seedAnswered(async (request, response) => {
        const id = idOf(request, "name");
        present(changes(id, response));
        await products.retire(id, ANY);
        sendDone(response, "Product deleted successfully", null);
      }),
    ),
  });

  /** Another schema is another version: a minor one, where that breaks no reader. */
  async function publishNext(id: string, schema: Version["schema"], by: string): Promise<void> {
    if (versions.newestSchema(id) === JSON.stringify(schema)) return;
    const [major = 0, minor = 0] = (versions.newest(id) ?? "0.9.0").split(".").map(Number);
    const next = { schema, ...PUBLISHED };
    if (versions.newest(id) !== undefined) {
      try {
        await versions.publish(id, { ...next, version: `${major}.${minor + 1}.0` }, by);
        return;
      } catch (error) {
        if (!(error instanceof RegistryError && error.code === "breaking")) throw error;
      }
    }
    await versions.publish(id, { ...next, version: `${major + 1}.0.0` }, by);
  }
}

const PUBLISHED = { changelog: "", compatibility: "BACKWARD", strict: false } as const;

/** Before anything is written. @throws RegistryError invalid_schema */
function checkSchema(schema: Version["schema"]): void {
  const read = readSchema(schema);
  if (read.ok && typeof read.schema === "object") return;
  const faults = read.ok ? [] : read.faults.map(({ path, message }) => `schema ${path}: ${message}`);
  throw new RegistryError("invalid_schema", faults[0] ?? "schema: expected fields and their types");
}

function isGiven<T>(value: T | null | undefined): value is T {
  return value !== undefined && value !== null;
}

function declaredOf({
  id: _id,
  createdAt: _made,
  updatedAt: _changed,
  observed: _seen,
  ...declared
}: Product) {
  return declared;
}
