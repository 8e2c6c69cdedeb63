import type { Domain, DomainUpdate } from "@fieldmesh/mesh-registry/client";
import { type Terminal, table } from "../terminal.js";
import { facts, print, type RegistryOptions, when, withMesh } from "./registry.js";

export interface DomainOptions extends RegistryOptions {
  name?: string;
  owner?: string;
  team?: string[];
  description?: string;
}

export async function listDomains(options: RegistryOptions, terminal: Terminal): Promise<void> {
  const domains = await withMesh(options, terminal, (mesh) => mesh.domains.list());
  const rows = domains.map(({ id, name, owner, team }) => [id, name, owner, team.join(", ")]);
  await print(terminal, options, domains, () => table([["DOMAIN", "NAME", "OWNER", "TEAM"], ...rows]));
}

export async function showDomain(id: string, options: RegistryOptions, terminal: Terminal): Promise<void> {
  const domain = await withMesh(options, terminal, (mesh) => mesh.domains.get(id));
  await print(terminal, options, domain, () => described(domain));
}

export async function addDomain(
  id: string,
  options: DomainOptions & { owner: string },
  terminal: Terminal,
): Promise<void> {
  const domain = await withMesh(options, terminal, (mesh) =>
    mesh.registerDomain(id, { name: id, ...saidOf(options), owner: options.owner }),
  );
  await print(terminal, options, domain, () => `registered ${id}`);
}

export async function changeDomain(id: string, options: DomainOptions, terminal: Terminal): Promise<void> {
  const domain = await withMesh(options, terminal, (mesh) =>
    mesh.domains.change(id, ({ name, owner, team, description }) => ({
      name,
      owner,
      team,
      description,
      ...saidOf(options),
    })),
  );
  await print(terminal, options, domain, () => described(domain));
}

export async function removeDomain(id: string, options: RegistryOptions, terminal: Terminal): Promise<void> {
  await withMesh(options, terminal, (mesh) => mesh.domains.remove(id));
  await print(terminal, options, { removed: id }, () => `removed ${id}`);
}

function saidOf({ name, owner, team, description }: DomainOptions): Partial<DomainUpdate> {
  return {
    ...(name === undefined ? {} : { name }),
    ...(owner === undefined ? {} : { owner }),
    ...(team === undefined ? {} : { team }),
    ...(description === undefined ? {} : { description }),
  };
}

function described({ id, name, owner, team, description, createdAt, updatedAt }: Domain): string {
  return facts([
    ["domain", id],
    ["name", name],
    ["owner", owner],
    ["team", team.join(", ")],
    ["description", description],
    ["registered", when(createdAt)],
    ["changed", when(updatedAt)],
  ]);
}
