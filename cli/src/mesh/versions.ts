import type { VersionInput } from "@fieldmesh/mesh-registry/client";
import { UsageError } from "../exit.js";
import { type Terminal, table } from "../terminal.js";
import { parseAny, readText } from "./file-input.js";
import { shortened } from "./products.js";
import { print, type RegistryOptions, when, withMesh } from "./registry.js";

export interface PublishOptions extends RegistryOptions {
  schema: string;
  changelog?: string;
  compatibility?: VersionInput["compatibility"];
  strict?: boolean;
  allowRole?: string[];
  allowDomain?: string[];
  allowConsumer?: string[];
  autoApprove?: boolean;
}

export async function publishVersion(
  product: string,
  version: string,
  options: PublishOptions,
  terminal: Terminal,
): Promise<void> {
  const { changelog, compatibility, strict, allowRole, allowDomain, allowConsumer, autoApprove } = options;
  const schema = parseAny(await readText(options.schema, terminal), options.schema);
  if (typeof schema !== "object" || schema === null || Array.isArray(schema)) {
    throw new UsageError(`${options.schema}: expected a JSON Schema, or a map of fields and their types`);
  }
  const hasPolicy = [allowRole, allowDomain, allowConsumer, autoApprove].some((each) => each !== undefined);
  const policy = {
    roles: allowRole ?? [],
    domains: allowDomain ?? [],
    consumers: allowConsumer ?? [],
    autoApprove: autoApprove ?? false,
  };
  const published = await withMesh(options, terminal, (mesh) =>
    mesh.publishDataProduct({
      productId: product,
      version,
      schema: schema as VersionInput["schema"],
      ...(changelog === undefined ? {} : { changelog }),
      ...(compatibility === undefined ? {} : { compatibility }),
      ...(strict === undefined ? {} : { strict }),
      ...(hasPolicy ? { accessPolicy: policy } : {}),
    }),
  );
  await print(terminal, options, published, () => `published ${product} ${published.version}`);
}

export async function listVersions(
  product: string,
  options: RegistryOptions,
  terminal: Terminal,
): Promise<void> {
  const versions = await withMesh(options, terminal, (mesh) => mesh.versions.list(product));
  const rows = versions.map(({ version, publishedAt, publishedBy, compatibility, changelog }) => [
    version,
    when(publishedAt),
    publishedBy,
    compatibility,
    shortened(changelog),
  ]);
  await print(terminal, options, versions, () =>
    table([["VERSION", "PUBLISHED", "BY", "COMPATIBILITY", "CHANGELOG"], ...rows]),
  );
}
