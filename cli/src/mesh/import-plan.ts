import { isDeepStrictEqual } from "node:util";
import { compareVersions, parseVersion } from "@fieldmesh/mesh-registry";
import { declaredOf, type MeshClient, type Product, type Version } from "@fieldmesh/mesh-registry/client";
import type { Contract, Declared, MeshFolder } from "./folder.js";

/** One thing that an import does. */
export interface Action {
  verb: "make" | "change" | "publish";
  kind: "domain" | "product" | "version" | "policy" | "template" | "lineage";
  name: string;
  /** Fields that differ. */
  fields: string[];
  file: string;
  run: (mesh: MeshClient) => Promise<unknown>;
}

export interface Plan {
  actions: Action[];
  unchanged: number;
}

/** What the registry itself says of a resource. */
const NOT_DECLARED: ReadonlySet<string> = new Set(["id", "createdAt", "updatedAt", "observed"]);

/** What has to be done so that a registry says what a folder says. Nothing is removed. */
export async function planImport(folder: MeshFolder, mesh: MeshClient): Promise<Plan> {
  const plan: Plan = { actions: [], unchanged: 0 };
  const domains = byId(await mesh.domains.list());
  for (const { file, value } of folder.domains) {
    const { id, ...said } = value;
    const now = domains.get(id);
    add(plan, { kind: "domain", name: id, file }, now, said, {
      make: (to) => to.domains.create(value),
      change: (to) => to.domains.change(id, () => said),
    });
  }
  await planProducts(plan, folder, mesh);
  const policies = byId(await mesh.policies.list());
  for (const { file, value } of folder.policies) {
    const { id, ...said } = value;
    add(plan, { kind: "policy", name: id, file }, policies.get(id), said, {
      make: (to) => to.policies.create(value),
      change: (to) => to.policies.change(id, () => said),
    });
  }
  const templates = byId(await mesh.templates.list());
  for (const { file, value } of folder.templates) {
    const { id, ...said } = value;
    add(plan, { kind: "template", name: id, file }, templates.get(id), said, {
      make: (to) => to.templates.create(value),
      change: (to) => to.templates.change(id, () => said),
    });
  }
  return plan;
}

async function planProducts(plan: Plan, folder: MeshFolder, mesh: MeshClient): Promise<void> {
  const known = byId([...(await mesh.products.list()), ...(await mesh.products.list({ status: "draft" }))]);
  const later: Action[] = [];
  for (const { file, value } of folder.products) {
    const { id, ...said } = value.product;
    const now = known.get(id);
    const change = (to: MeshClient): Promise<unknown> => to.products.change(id, () => said);
    if (now === undefined) {
      // One that it is made from may come after it, and a version of it has to be there before it is active for all.
      add(plan, { kind: "product", name: id, file }, undefined, said, {
        make: (to) => to.products.create({ ...value.product, inputPorts: [] }),
        change,
      });
      if (said.inputPorts.length > 0) {
        later.push({ verb: "change", kind: "product", name: id, fields: ["inputPorts"], file, run: change });
      }
    } else {
      add(plan, { kind: "product", name: id, file }, declaredOf(now), said, { make: change, change });
    }
    await planVersions(plan, folder, mesh, { file, value }, now);
  }
  plan.actions.push(...later);
  const steps = new Set((await mesh.lineage.list()).map(({ source, target }) => `${source}~${target}`));
  const byPorts = new Set(
    folder.products.flatMap(({ value: { product } }) =>
      product.inputPorts.map((port) => `${port.product}~${product.id}`),
    ),
  );
  for (const { file, value } of folder.lineage) {
    const { source, target } = value;
    const key = `${source}~${target}`;
    // Steps that input ports make are made by them.
    if (steps.has(key) || byPorts.has(key)) plan.unchanged += 1;
    else {
      const name = `${source} → ${target}`;
      plan.actions.push({
        verb: "make",
        kind: "lineage",
        name,
        fields: [],
        file,
        run: (to) => to.lineage.create(value),
      });
    }
  }
}

/** Versions that are not published yet, in their order: they go upwards only. */
async function planVersions(
  plan: Plan,
  folder: MeshFolder,
  mesh: MeshClient,
  newest: Declared<Contract>,
  now: Product | undefined,
): Promise<void> {
  const { id } = newest.value.product;
  const published = new Map<string, Version>(
    now === undefined ? [] : (await mesh.versions.list(id)).map((each) => [each.version, each]),
  );
  const declared = [newest, ...folder.versions.filter(({ value }) => value.product.id === id)].flatMap(
    ({ file, value: { version } }) => (version === undefined ? [] : [{ file, version }]),
  );
  for (const { file, version } of declared.toSorted((a, b) =>
    inOrder(a.version.version, b.version.version),
  )) {
    const there = published.get(version.version);
    if (there !== undefined && isDeepStrictEqual(there.schema, version.schema)) plan.unchanged += 1;
    else {
      plan.actions.push({
        verb: "publish",
        kind: "version",
        name: `${id} ${version.version}`,
        // A version that says something else is refused: it never changes.
        fields: there === undefined ? [] : ["schema"],
        file,
        run: (to) => to.versions.publish(id, version),
      });
    }
  }
}

function inOrder(a: string, b: string): number {
  const [left, right] = [parseVersion(a), parseVersion(b)];
  return left === undefined || right === undefined ? 0 : compareVersions(left, right);
}

function add(
  plan: Plan,
  what: Pick<Action, "kind" | "name" | "file">,
  now: object | undefined,
  said: object,
  run: { make: Action["run"]; change: Action["run"] },
): void {
  if (now === undefined) {
    plan.actions.push({ verb: "make", ...what, fields: [], run: run.make });
    return;
  }
  const [known, wanted] = [
    new Map<string, unknown>(Object.entries(now)),
    new Map<string, unknown>(Object.entries(said)),
  ];
  const fields = [...new Set([...known.keys(), ...wanted.keys()])].filter(
    (name) => !NOT_DECLARED.has(name) && !isDeepStrictEqual(known.get(name), wanted.get(name)),
  );
  if (fields.length === 0) plan.unchanged += 1;
  else plan.actions.push({ verb: "change", ...what, fields, run: run.change });
}

function byId<T extends { id: string }>(resources: readonly T[]): Map<string, T> {
  return new Map(resources.map((each) => [each.id, each]));
}
