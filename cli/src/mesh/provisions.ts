import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { templateInput } from "@fieldmesh/mesh-registry";
import type { BundleFile, MeshClient, Provision } from "@fieldmesh/mesh-registry/client";
import { addCredentials, removeCredential } from "../credentials/credentials.js";
import { credentialFiles, type FileOptions } from "../credentials/paths.js";
import { FailureError } from "../exit.js";
import { type Terminal, table, writeLine } from "../terminal.js";
import { parsePairs, parseResource, readText } from "./file-input.js";
import { facts, print, type RegistryOptions, when, withMesh } from "./registry.js";

export interface ProvisionOptions extends RegistryOptions, FileOptions {
  parameter?: string[];
  out?: string;
  undo?: boolean;
  addCredentials?: boolean;
}

export async function listTemplates(options: RegistryOptions, terminal: Terminal): Promise<void> {
  const templates = await withMesh(options, terminal, (mesh) => mesh.templates.list());
  const rows = templates.map(({ id, name, components, parameters }) => [
    id,
    name,
    components.map((each) => each.name).join(","),
    parameters.map((each) => each.name).join(","),
  ]);
  await print(terminal, options, templates, () =>
    table([["TEMPLATE", "NAME", "COMPONENTS", "PARAMETERS"], ...rows]),
  );
}

export async function showTemplate(id: string, options: RegistryOptions, terminal: Terminal): Promise<void> {
  const template = await withMesh(options, terminal, (mesh) => mesh.templates.get(id));
  await print(terminal, options, template, () =>
    facts([
      ["template", id],
      ["name", template.name],
      ["type", template.type],
      ["description", template.description],
      ...template.components.map(
        ({ name, settings }) => ["component", `${name} ${JSON.stringify(settings)}`] as [string, string],
      ),
      ...template.parameters.map(
        ({ name, default: otherwise, description }) =>
          ["parameter", `${name}${otherwise === undefined ? "" : `=${otherwise}`} ${description ?? ""}`] as [
            string,
            string,
          ],
      ),
      ["changed", when(template.updatedAt)],
    ]),
  );
}

export async function putTemplate(
  file: string,
  options: RegistryOptions & { replace?: boolean },
  terminal: Terminal,
): Promise<void> {
  const { id, ...said } = parseResource(await readText(file, terminal), file, templateInput);
  const template = await withMesh(options, terminal, (mesh) =>
    options.replace === true ? mesh.templates.change(id, () => said) : mesh.templates.create({ id, ...said }),
  );
  await print(terminal, options, template, () => `${options.replace === true ? "changed" : "made"} ${id}`);
}

export async function removeTemplate(
  id: string,
  options: RegistryOptions,
  terminal: Terminal,
): Promise<void> {
  await withMesh(options, terminal, (mesh) => mesh.templates.remove(id));
  await print(terminal, options, { removed: id }, () => `removed ${id}`);
}

export async function listProvisions(options: RegistryOptions, terminal: Terminal): Promise<void> {
  const provisions = await withMesh(options, terminal, (mesh) => mesh.provisions.list());
  const rows = provisions.map(({ product, template, state, credential, updatedAt, by }) => [
    product,
    template,
    state,
    credential ?? "",
    when(updatedAt),
    by,
  ]);
  await print(terminal, options, provisions, () =>
    table([["PRODUCT", "TEMPLATE", "STATE", "CREDENTIAL", "CHANGED", "BY"], ...rows]),
  );
}

/** Provisions, or takes a provision back, and shows each step; with `--out` its files are written. */
export async function provision(
  template: string,
  product: string,
  options: ProvisionOptions,
  terminal: Terminal,
): Promise<void> {
  const parameters = Object.fromEntries(parsePairs("--parameter", options.parameter ?? []));
  const [done, user] = await withMesh(options, terminal, async (mesh) => {
    if (options.undo === true) return undo(mesh, template, product);
    const made = await mesh.provisionInfrastructure({ productId: product, templateId: template, parameters });
    if (options.out !== undefined || options.addCredentials === true) {
      const bundle = await mesh.provisions.bundle(made.id);
      if (options.out !== undefined) await writeBundle(bundle, options.out);
      if (options.addCredentials === true) await letIn(bundle, options, terminal);
    }
    return [made, undefined] as const;
  });
  if (user !== undefined && options.addCredentials === true) {
    await removeCredential(credentialFiles(options, terminal), user);
  }
  await print(terminal, options, done, () => stepsOf(done));
  if (options.out !== undefined && options.json !== true) {
    await writeLine(terminal.stdout, `written to ${options.out}: ${done.files.join(", ")}`);
  }
}

async function undo(
  mesh: MeshClient,
  template: string,
  product: string,
): Promise<readonly [Provision, string | undefined]> {
  const [found] = await mesh.provisions.list({ template, product });
  if (found === undefined) throw new FailureError(`${template} was not provisioned for ${product}`);
  return [await mesh.provisions.undo(found.id), found.credential];
}

async function writeBundle(files: readonly BundleFile[], folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const { name, text, secret } of files) {
    // A name of ours, whatever a registry answers.
    if (!/^[\w-][\w.-]*$/.test(name))
      throw new FailureError(`the bundle has a file of a strange name: ${name}`);
    await writeFile(join(folder, name), text, { mode: secret ? 0o600 : 0o644 });
  }
}

/** Adds the node to the broker's files of this machine, as `credentials add` would, with the bundle's password. */
async function letIn(files: readonly BundleFile[], options: FileOptions, terminal: Terminal): Promise<void> {
  const env = files.find(({ name }) => name === "node.env")?.text ?? "";
  const lookUp = (name: string): string | undefined => new RegExp(`^${name}=(.*)$`, "m").exec(env)?.[1];
  const [user, password, domain, node] = ["MQTT_USERNAME", "MQTT_PASSWORD", "DOMAIN", "NODE_ID"].map(lookUp);
  if (user === undefined || password === undefined || domain === undefined) {
    throw new FailureError("--add-credentials: the template has no component credentials");
  }
  await addCredentials(credentialFiles(options, terminal), [
    { user, role: "node", domains: [domain], node, password },
  ]);
}

function stepsOf({ product, template, state, steps }: Provision): string {
  const rows = steps.map(({ name, state: step, detail }) => [name, step, detail ?? ""]);
  return [`${template} for ${product}: ${state}`, table(rows)].join("\n");
}
