import type { KeyInput } from "@fieldmesh/mesh-registry/client";
import { FailureError } from "../exit.js";
import { type Terminal, table, writeLine } from "../terminal.js";
import { print, type RegistryOptions, when, withMesh } from "./registry.js";

export interface KeyOptions extends RegistryOptions {
  role: KeyInput["role"];
  domain?: string[];
  product?: string[];
  /** ms from now. */
  expires?: number;
}

export async function addKey(name: string, options: KeyOptions, terminal: Terminal): Promise<void> {
  const { role, domain, product, expires } = options;
  const made = await withMesh(options, terminal, (mesh) =>
    mesh.keys.create({
      name,
      role,
      ...(domain === undefined ? {} : { domains: domain }),
      ...(product === undefined ? {} : { products: product }),
      ...(expires === undefined ? {} : { expiresAt: Date.now() + expires }),
    }),
  );
  if (options.json !== true)
    terminal.stderr.write(
      `${name} (${role}): this key is shown this once. Use it as REGISTRY_KEY, or as X-API-Key\n`,
    );
  await print(terminal, options, made, () => made.key);
}

export async function listKeys(options: RegistryOptions, terminal: Terminal): Promise<void> {
  const keys = await withMesh(options, terminal, (mesh) => mesh.keys.list());
  const rows = keys.map(({ id, name, role, domains, products, createdAt, expiresAt }) => [
    id,
    name,
    role,
    [...domains, ...products].join(","),
    when(createdAt),
    when(expiresAt),
  ]);
  await print(terminal, options, keys, () =>
    table([["KEY", "NAME", "ROLE", "FOR", "MADE", "EXPIRES"], ...rows]),
  );
}

/** By its id, or by its name where one key has it. */
export async function revokeKey(
  idOrName: string,
  options: RegistryOptions,
  terminal: Terminal,
): Promise<void> {
  const id = await withMesh(options, terminal, async (mesh) => {
    const keys = await mesh.keys.list();
    const [found, ...others] = keys.filter((key) => key.id === idOrName || key.name === idOrName);
    if (found === undefined)
      throw new FailureError(`there is no key "${idOrName}": \`fieldmesh mesh keys list\` shows them`);
    if (others.length > 0)
      throw new FailureError(`several keys are called "${idOrName}": say which by its id`);
    await mesh.keys.revoke(found.id);
    return found.id;
  });
  if (options.json === true) await print(terminal, options, { revoked: id }, () => "");
  else await writeLine(terminal.stdout, `revoked ${idOrName}`);
}
