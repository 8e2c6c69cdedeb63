import type { LineageInput } from "@fieldmesh/mesh-registry/client";
import { type Terminal, table } from "../terminal.js";
import { print, type RegistryOptions, withMesh } from "./registry.js";

export interface StepOptions extends RegistryOptions {
  type?: LineageInput["type"];
  transformation?: string;
  confidence?: number;
}

/** Where a product comes from and what is made of it; without one, every step. */
export async function showLineage(
  product: string | undefined,
  options: RegistryOptions & { depth?: number },
  terminal: Terminal,
): Promise<void> {
  if (product === undefined) {
    const steps = await withMesh(options, terminal, (mesh) => mesh.lineage.list());
    const rows = steps.map(({ source, target, type, confidence, transformation }) => [
      source,
      target,
      type,
      String(confidence),
      transformation,
    ]);
    await print(terminal, options, steps, () =>
      table([["FROM", "TO", "TYPE", "CONFIDENCE", "TRANSFORMATION"], ...rows]),
    );
    return;
  }
  const { depth } = options;
  const [upstream, downstream] = await withMesh(options, terminal, (mesh) =>
    Promise.all([mesh.lineage.upstream(product, depth), mesh.lineage.downstream(product, depth)]),
  );
  const rows = [
    ...upstream.toReversed().map((each) => [`-${each.depth}`, each.product]),
    ["0", product],
    ...downstream.map((each) => [`+${each.depth}`, each.product]),
  ];
  await print(terminal, options, { product, upstream, downstream }, () =>
    table([["STEPS", "PRODUCT"], ...rows]),
  );
}

export async function addStep(
  source: string,
  target: string,
  options: StepOptions,
  terminal: Terminal,
): Promise<void> {
  const { type, transformation, confidence } = options;
  const step = await withMesh(options, terminal, (mesh) =>
    mesh.lineage.create({
      source,
      target,
      ...(type === undefined ? {} : { type }),
      ...(transformation === undefined ? {} : { transformation }),
      ...(confidence === undefined ? {} : { confidence }),
    }),
  );
  await print(terminal, options, step, () => `${target} is made from ${source}`);
}

export async function removeStep(
  source: string,
  target: string,
  options: RegistryOptions,
  terminal: Terminal,
): Promise<void> {
  await withMesh(options, terminal, (mesh) => mesh.lineage.remove(source, target));
  await print(
    terminal,
    options,
    { removed: { source, target } },
    () => `${target} is not made from ${source}`,
  );
}

/** Blast radius: what is made of a product or a stream, and who is to be told. */
export async function showImpact(
  name: string,
  options: RegistryOptions & { stream?: boolean },
  terminal: Terminal,
): Promise<void> {
  const report = await withMesh(options, terminal, (mesh) =>
    mesh.impact(options.stream === true ? { streams: [name] } : { products: [name] }),
  );
  const rows = [
    ...report.products.map((each) => ["0", each.product, each.owner, each.consumers.join(", ")]),
    ...report.downstream.map((each) => [
      `+${each.depth}`,
      each.product,
      each.owner,
      each.consumers.join(", "),
    ]),
  ];
  const people = [...new Set([...report.owners, ...report.consumers])];
  await print(terminal, options, report, () =>
    [
      table([["STEPS", "PRODUCT", "OWNER", "CONSUMERS"], ...rows]),
      "",
      people.length === 0 ? "nobody owns or reads it: nobody is to be told" : `tell ${people.join(", ")}`,
    ].join("\n"),
  );
}

export async function listConflicts(options: RegistryOptions, terminal: Terminal): Promise<void> {
  const conflicts = await withMesh(options, terminal, (mesh) => mesh.conflicts.list());
  const rows = conflicts.map((each) => [
    each.kind,
    each.kind === "node" ? `${each.domain}/${each.node}` : each.stream,
    each.detail,
  ]);
  await print(terminal, options, conflicts, () => table([["KIND", "NAME", "DETAIL"], ...rows]));
}
