import { mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { MeshClient } from "@fieldmesh/mesh-registry/client";
import { stringify } from "yaml";
import type { Terminal } from "../terminal.js";
import { FOLDERS, LINEAGE_FILE, versionFile } from "./folder.js";
import { print, type RegistryOptions, withMesh } from "./registry.js";

/** Files of a mesh, by their path in its folder. */
type Files = Map<string, string>;

/**
 * Writes what is declared into a folder: a file for each domain, product (an ODCS contract with its newest version),
 * earlier version, policy and template, and one of lineage. The same mesh gives the same files, so that git shows
 * what changed. What was decided, measured or logged is no declaration, and stays where it is.
 */
export async function exportMesh(
  folder: string,
  options: RegistryOptions,
  terminal: Terminal,
): Promise<void> {
  const files = await withMesh(options, terminal, filesOf);
  for (const kind of FOLDERS) await removeOthers(folder, kind, files);
  for (const [path, text] of files) await writeFile(join(folder, path), text);
  await print(
    terminal,
    options,
    { folder, files: [...files.keys()] },
    () => `written to ${folder}: ${files.size} files`,
  );
}

async function filesOf(mesh: MeshClient): Promise<Files> {
  const files: Files = new Map();
  for (const { createdAt: _made, updatedAt: _changed, ...domain } of await mesh.domains.list()) {
    files.set(`domains/${domain.id}.yaml`, stringify(domain));
  }
  const drafts = await mesh.products.list({ status: "draft" });
  for (const { id, status, owner } of [...(await mesh.products.list()), ...drafts]) {
    // What is retired is not declared any more; a draft of nobody was not declared yet.
    if (status === "retired" || (status === "draft" && owner === "unclaimed")) continue;
    files.set(`products/${id}.yaml`, await mesh.products.odcs(id));
    const [, ...earlier] = await mesh.versions.list(id);
    for (const { version } of earlier)
      files.set(versionFile(id, version), await mesh.products.odcs(id, version));
  }
  for (const { createdAt: _made, updatedAt: _changed, ...policy } of await mesh.policies.list()) {
    files.set(`policies/${policy.id}.yaml`, stringify(policy));
  }
  for (const { createdAt: _made, updatedAt: _changed, ...template } of await mesh.templates.list()) {
    files.set(`templates/${template.id}.yaml`, stringify(template));
  }
  // Those of input ports come with their products.
  const declared = (await mesh.lineage.list()).filter(({ byPort }) => byPort !== true);
  const steps = declared.map(({ source, target, transformation, type, confidence, metadata }) => ({
    source,
    target,
    transformation,
    type,
    confidence,
    metadata,
  }));
  if (steps.length > 0) files.set(LINEAGE_FILE, stringify(steps));
  return files;
}

/** Files of ours whose subject is gone; what else lies in the folder is not touched. */
async function removeOthers(folder: string, kind: string, files: Files): Promise<void> {
  const path = join(folder, kind);
  await mkdir(path, { recursive: true });
  for (const name of await readdir(path)) {
    if (/^[\w@.-]+\.yaml$/.test(name) && !files.has(`${kind}/${name}`)) await rm(join(path, name));
  }
}
