import { declaredOf, type Product, type ProductUpdate, type Version } from "@fieldmesh/mesh-registry/client";
import { UsageError } from "../exit.js";
import { type Terminal, table, writeLine } from "../terminal.js";
import { parsePairs, readText } from "./file-input.js";
import { parseContract } from "./folder.js";
import { facts, print, type RegistryOptions, when, withMesh } from "./registry.js";

export interface ProductOptions extends RegistryOptions {
  domain?: string;
  owner?: string;
  description?: string;
  tag?: string[];
  status?: ProductUpdate["status"];
  visibility?: ProductUpdate["visibility"];
  sla?: string[];
  metadata?: string[];
  mqtt?: string[];
  http?: string[];
  input?: string[];
}

export interface FindOptions extends RegistryOptions {
  domain?: string;
  owner?: string;
  status?: string;
  visibility?: string;
  tag?: string;
  field?: string;
}

/** What is declared in options; lists replace those that are there. */
export function saidOf(options: ProductOptions): Partial<ProductUpdate> {
  const { domain, owner, description, tag, status, visibility, sla, metadata, mqtt, http, input } = options;
  const ports = [
    ...[...parsePairs("--mqtt", mqtt ?? [])].map(([name, value]) => ({
      kind: "mqtt" as const,
      name,
      topicFilter: String(value),
    })),
    ...[...parsePairs("--http", http ?? [])].map(([name, value]) => ({
      kind: "http" as const,
      name,
      address: String(value),
    })),
  ];
  return {
    ...(domain === undefined ? {} : { domain }),
    ...(owner === undefined ? {} : { owner }),
    ...(description === undefined ? {} : { description }),
    ...(tag === undefined ? {} : { tags: tag }),
    ...(status === undefined ? {} : { status }),
    ...(visibility === undefined ? {} : { visibility }),
    ...(sla === undefined ? {} : { sla: Object.fromEntries(parsePairs("--sla", sla)) }),
    ...(metadata === undefined ? {} : { metadata: Object.fromEntries(parsePairs("--metadata", metadata)) }),
    ...(ports.length === 0 ? {} : { outputPorts: ports }),
    ...(input === undefined ? {} : { inputPorts: input.map((product) => ({ product })) }),
  };
}

/** Of what there is to choose from, how many each. */
export async function listFacets(q: string, options: FindOptions, terminal: Terminal): Promise<void> {
  const { registry: _registry, json: _json, ...query } = options;
  const facets = await withMesh(options, terminal, (mesh) => mesh.products.facets({ ...query, q }));
  const rows = Object.entries(facets).flatMap(([kind, counts]) =>
    Object.entries(counts).map(([value, count]) => [kind, value, String(count)]),
  );
  await print(terminal, options, facets, () => table([["FACET", "VALUE", "PRODUCTS"], ...rows]));
}

export async function listProducts(options: FindOptions, terminal: Terminal, q?: string): Promise<void> {
  const { registry: _registry, json: _json, ...query } = options;
  const asked = q === undefined ? query : { ...query, q };
  const products = await withMesh(options, terminal, (mesh) => mesh.products.list(asked));
  const rows = products.map(({ id, domain, owner, status, visibility, tags, description }) => [
    id,
    domain,
    owner,
    status,
    visibility,
    tags.join(","),
    shortened(description),
  ]);
  const head = ["PRODUCT", "DOMAIN", "OWNER", "STATUS", "VISIBILITY", "TAGS", "DESCRIPTION"];
  await print(terminal, options, products, () => table([head, ...rows]));
}

export async function showProduct(id: string, options: RegistryOptions, terminal: Terminal): Promise<void> {
  const contract = await withMesh(options, terminal, (mesh) => mesh.products.contract(id));
  await print(terminal, options, contract, () => described(contract.product, contract.version));
}

export async function registerProduct(
  id: string,
  options: ProductOptions & { domain: string; owner: string },
  terminal: Terminal,
): Promise<void> {
  const { domain, owner } = options;
  const product = await withMesh(options, terminal, (mesh) =>
    mesh.products.create({ id, ...saidOf(options), domain, owner }),
  );
  await print(terminal, options, product, () => `registered ${id} as ${product.status}`);
}

export async function changeProduct(id: string, options: ProductOptions, terminal: Terminal): Promise<void> {
  const said = saidOf(options);
  if (Object.keys(said).length === 0) throw new UsageError("nothing to change: give an option");
  const product = await withMesh(options, terminal, (mesh) =>
    mesh.products.change(id, (now) => ({ ...declaredOf(now), ...said })),
  );
  await print(terminal, options, product, () => described(product));
}

export async function claimProduct(
  id: string,
  options: ProductOptions & { owner: string },
  terminal: Terminal,
): Promise<void> {
  const { domain, description, tags, visibility, sla, status } = saidOf(options);
  const product = await withMesh(options, terminal, (mesh) =>
    mesh.products.claim(id, {
      owner: options.owner,
      ...(domain === undefined ? {} : { domain }),
      ...(description === undefined ? {} : { description }),
      ...(tags === undefined ? {} : { tags }),
      ...(visibility === undefined ? {} : { visibility }),
      ...(sla === undefined ? {} : { sla }),
      ...(status === "draft" || status === "active" ? { status } : {}),
    }),
  );
  await print(terminal, options, product, () => `${id} is of ${product.owner}, ${product.status}`);
}

export async function retireProduct(id: string, options: RegistryOptions, terminal: Terminal): Promise<void> {
  await withMesh(options, terminal, (mesh) => mesh.products.remove(id));
  await print(
    terminal,
    options,
    { retired: id },
    () => `retired ${id}: it stays, with its versions; its lineage ended`,
  );
}

export async function printContract(
  id: string,
  options: RegistryOptions & { of?: string; asyncapi?: boolean },
  terminal: Terminal,
): Promise<void> {
  await withMesh(options, terminal, async (mesh) => {
    if (options.asyncapi === true) {
      const document = await mesh.products.asyncApi(id, options.of);
      await writeLine(terminal.stdout, JSON.stringify(document, null, options.json === true ? 0 : 2));
    } else if (options.json === true) {
      await writeLine(terminal.stdout, JSON.stringify(await mesh.products.contract(id, options.of)));
    } else await writeLine(terminal.stdout, await mesh.products.odcs(id, options.of), "");
  });
}

/** Registers a product, or changes it, by a contract of ODCS 3: of ours or of others. */
export async function importContract(
  file: string,
  options: RegistryOptions,
  terminal: Terminal,
): Promise<void> {
  const text = await readText(file, terminal);
  const { product } = parseContract(text, file);
  const made = await withMesh(options, terminal, (mesh) => mesh.products.importOdcs(product.id, text));
  const version = made.version === undefined ? "" : ` ${made.version.version}`;
  await print(terminal, options, made, () => `${product.id}${version} is as the contract says`);
}

export async function quality(
  id: string,
  metrics: readonly string[],
  options: RegistryOptions,
  terminal: Terminal,
): Promise<void> {
  const posted = [...parsePairs("metric", metrics)].map(([name, value]) => {
    if (typeof value !== "number")
      throw new UsageError(`metric ${name}: expected a number, as completeness=98.5`);
    return [name, value] as const;
  });
  const known = await withMesh(options, terminal, async (mesh) => {
    if (posted.length > 0) await mesh.updateQualityMetrics(id, Object.fromEntries(posted));
    return mesh.products.quality(id);
  });
  const rows = known.posted.map(({ name, value, at, by }) => [name, String(value), when(at), by]);
  const streams = known.streams.map(({ stream, at, stale }) => [
    stream,
    at === undefined ? "not measured" : stale ? "too old" : "measured",
    when(at),
    "historian",
  ]);
  await print(terminal, options, known, () =>
    table([["METRIC OR STREAM", "VALUE", "AT", "BY"], ...rows, ...streams]),
  );
}

export async function attest(
  id: string,
  claim: string,
  options: RegistryOptions & { note?: string },
  terminal: Terminal,
): Promise<void> {
  const { note } = options;
  const said = await withMesh(options, terminal, (mesh) =>
    mesh.products.attest(id, { claim, ...(note === undefined ? {} : { note }) }),
  );
  await print(terminal, options, said, () => `${said.by} attests ${claim} of ${id}`);
}

function described(product: Product, version?: Version): string {
  const { sla, outputPorts, inputPorts, observed } = product;
  return facts([
    ["product", product.id],
    ["domain", product.domain],
    ["owner", product.owner],
    ["status", product.status],
    ["visibility", product.visibility],
    ["description", product.description],
    ["tags", product.tags.join(", ")],
    [
      "promises",
      Object.entries(sla)
        .map(([name, value]) => `${name} ${value}`)
        .join(", "),
    ],
    ...outputPorts.map(
      (port) =>
        ["output", `${port.name}: ${port.kind === "mqtt" ? port.topicFilter : port.address}`] as [
          string,
          string,
        ],
    ),
    ["made from", inputPorts.map((port) => port.product).join(", ")],
    [
      "observed",
      observed === undefined
        ? ""
        : `${observed.stream}, ${observed.unit ?? "no unit"}, ${when(observed.seenAt)}`,
    ],
    [
      "version",
      version === undefined
        ? "none"
        : `${version.version}, ${when(version.publishedAt)}, by ${version.publishedBy}`,
    ],
    ["fields", version === undefined ? "" : fieldsOf(version.schema).join(", ")],
    ["changed", when(product.updatedAt)],
  ]);
}

function fieldsOf(schema: Record<string, unknown>): string[] {
  const { properties } = schema;
  return typeof properties === "object" && properties !== null ? Object.keys(properties) : [];
}

export function shortened(text: string, chars = 60): string {
  const line = text.replace(/\s+/g, " ");
  return line.length > chars ? `${line.slice(0, chars - 1)}…` : line;
}
