import type { Command } from "commander";
import { newCommand } from "../command.js";
import type { DemoOptions } from "../mesh/demo.js";
import { addRegistryOptions, type RegistryOptions } from "../mesh/registry.js";
import type { Terminal } from "../terminal.js";
import { accessCommands } from "./mesh-access.js";
import { catalogueCommands } from "./mesh-catalogue.js";
import { governanceCommands } from "./mesh-governance.js";
import { provisioningCommands } from "./mesh-provisioning.js";

/** `fieldmesh mesh`: data products, from the side of whoever owns, uses or governs them. */
export function meshCommand(terminal: Terminal, setExitCode: (code: number) => void): Command {
  const group = newCommand("mesh", "Data products: registered, published, asked for, governed", terminal, [
    "fieldmesh mesh demo --here                               # eleven steps, in a registry of its own",
    "fieldmesh mesh domains add sales --owner alice",
    "fieldmesh mesh products register orders --domain sales --owner alice --sla freshness=24h",
    "fieldmesh mesh publish orders 1.0 --schema orders.schema.json",
    "fieldmesh mesh subscriptions ask orders --purpose 'revenue per day'",
    "fieldmesh mesh access orders",
    "fieldmesh mesh compliance",
    "fieldmesh mesh export mesh/ && git add mesh",
  ]);
  const commands = [
    ...catalogueCommands(terminal),
    ...accessCommands(terminal),
    ...governanceCommands(terminal, setExitCode),
    ...provisioningCommands(terminal),
    exportCommand(terminal),
    importCommand(terminal),
    demoCommand(terminal),
  ];
  for (const command of commands) group.addCommand(command);
  return group;
}

function exportCommand(terminal: Terminal): Command {
  const command = newCommand(
    "export",
    "Write what is declared into a folder, to be read and kept in git",
    terminal,
    ["fieldmesh mesh export mesh/"],
  ).argument("<folder>");
  return addRegistryOptions(command).action(async (folder: string, options: RegistryOptions) => {
    const { exportMesh } = await import("../mesh/export.js");
    await exportMesh(folder, options, terminal);
  });
}

function importCommand(terminal: Terminal): Command {
  const command = newCommand(
    "import",
    "Bring the registry to what a folder says; nothing is removed",
    terminal,
    [
      "fieldmesh mesh import mesh/ --dry-run                    # shows what it would do",
      "fieldmesh mesh import mesh/",
    ],
  )
    .argument("<folder>", "as `mesh export` writes it")
    .option("--dry-run", "only show what would be done");
  return addRegistryOptions(command).action(
    async (folder: string, options: RegistryOptions & { dryRun?: boolean }) => {
      const { importMesh } = await import("../mesh/import.js");
      await importMesh(folder, options, terminal);
    },
  );
}

function demoCommand(terminal: Terminal): Command {
  const command = newCommand("demo", "Run an example of a mesh in eleven steps, and print each", terminal, [
    "fieldmesh mesh demo --here",
    "fieldmesh mesh demo --prefix try-                        # in the registry that runs here",
  ])
    .option("--here", "in a registry of its own, which is gone afterwards")
    .option("--prefix <text>", "goes before every name, so that it can be run again");
  return addRegistryOptions(command).action(async (options: DemoOptions) => {
    const { demo } = await import("../mesh/demo.js");
    await demo(options, terminal);
  });
}
