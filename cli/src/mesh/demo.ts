import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startRegistry } from "@fieldmesh/mesh-registry";
import { createMeshClient, type MeshClient } from "@fieldmesh/mesh-registry/client";
import { salesMesh } from "@fieldmesh/mesh-registry/examples/sales-mesh";
import { createLog } from "@fieldmesh/runtime";
import { type Terminal, writeJson, writeLine } from "../terminal.js";
import { type RegistryOptions, told, withMesh } from "./registry.js";

export interface DemoOptions extends RegistryOptions {
  here?: boolean;
  prefix?: string;
}

/** Runs the example of eleven steps, and prints each: against a registry, or one of its own that is gone afterwards. */
export async function demo(options: DemoOptions, terminal: Terminal): Promise<void> {
  const { prefix = "" } = options;
  const run = (mesh: MeshClient): Promise<void> =>
    salesMesh(
      mesh,
      async (step, title, lines) => {
        if (options.json === true) return writeJson(terminal.stdout, { step, title, lines });
        const text = [`${step}. ${title}`, ...lines.map((line) => `   ${line}`), ""].join("\n");
        await writeLine(terminal.stdout, text);
      },
      (id) => `${prefix}${id}`,
    );
  if (options.here === true) await withOwnRegistry(run);
  else await withMesh(options, terminal, run);
}

async function withOwnRegistry(work: (mesh: MeshClient) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "fieldmesh-demo-"));
  try {
    const registry = await startRegistry(
      {
        host: "127.0.0.1",
        port: 0,
        usersFile: join(folder, "users.yaml"),
        folder: join(folder, "registry"),
      },
      { log: createLog("registry", { level: "error" }) },
    );
    try {
      await work(createMeshClient({ url: registry.url }));
    } catch (error) {
      throw told(error);
    } finally {
      await registry.close();
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
