import type { Command } from "commander";
import { newCommand } from "../command.js";
import type { ProvisionOptions } from "../mesh/provisions.js";
import { addRegistryOptions, type RegistryOptions } from "../mesh/registry.js";
import { repeatable } from "../options.js";
import type { Terminal } from "../terminal.js";

/** Templates, and what is made of them. */
export function provisioningCommands(terminal: Terminal): Command[] {
  return [templatesCommand(terminal), provisionCommand(terminal), provisionsCommand(terminal)];
}

function templatesCommand(terminal: Terminal): Command {
  const group = newCommand("templates", "What a product needs to run, with parameters", terminal, [
    "fieldmesh mesh templates add mesh-registry/examples/templates/edge-node.yaml",
    "fieldmesh mesh templates list",
  ]);
  group.addCommand(
    addRegistryOptions(
      newCommand("list", "List the templates", terminal, ["fieldmesh mesh templates list"]),
    ).action(async (options: RegistryOptions) => {
      const { listTemplates } = await import("../mesh/provisions.js");
      await listTemplates(options, terminal);
    }),
  );
  group.addCommand(
    addRegistryOptions(
      newCommand("show", "Show a template", terminal, ["fieldmesh mesh templates show edge-node"]).argument(
        "<template>",
      ),
    ).action(async (template: string, options: RegistryOptions) => {
      const { showTemplate } = await import("../mesh/provisions.js");
      await showTemplate(template, options, terminal);
    }),
  );
  group.addCommand(
    addRegistryOptions(
      newCommand("add", "Make a template out of a file", terminal, [
        "fieldmesh mesh templates add edge-node.yaml",
        "fieldmesh mesh templates add edge-node.yaml --replace",
      ])
        .argument("<file>", "YAML or JSON; - is the standard input")
        .option("--replace", "change the template that there is"),
    ).action(async (file: string, options: RegistryOptions & { replace?: boolean }) => {
      const { putTemplate } = await import("../mesh/provisions.js");
      await putTemplate(file, options, terminal);
    }),
  );
  group.addCommand(
    addRegistryOptions(
      newCommand("remove", "Remove a template; what was provisioned stays", terminal, [
        "fieldmesh mesh templates remove edge-node",
      ]).argument("<template>"),
    ).action(async (template: string, options: RegistryOptions) => {
      const { removeTemplate } = await import("../mesh/provisions.js");
      await removeTemplate(template, options, terminal);
    }),
  );
  return group;
}

function provisionCommand(terminal: Terminal): Command {
  const command = newCommand("provision", "Make what a template says for a product, step by step", terminal, [
    "fieldmesh mesh provision edge-node barn_climate -p domain=env -p node=barn -p 'label=The barn' --out barn",
    "fieldmesh mesh provision edge-node barn_climate --undo",
  ])
    .argument("<template>")
    .argument("<product>")
    .option("-p, --parameter <name=value>", "of the template; more than once", repeatable)
    .option("--out <folder>", "write its files there, with the node's password")
    .option("--undo", "take it back")
    .option(
      "--add-credentials",
      "add the node to the broker's files of this machine, or with --undo remove it",
    )
    .option("--password-file <file>", "PASSWORD_FILE; default DATA_DIR/credentials/password_file")
    .option("--acl-file <file>", "ACL_FILE; default DATA_DIR/credentials/acl_file");
  return addRegistryOptions(command).action(
    async (template: string, product: string, options: ProvisionOptions) => {
      const { provision } = await import("../mesh/provisions.js");
      await provision(template, product, options, terminal);
    },
  );
}

function provisionsCommand(terminal: Terminal): Command {
  const command = newCommand("provisions", "List what was provisioned", terminal, [
    "fieldmesh mesh provisions",
  ]);
  return addRegistryOptions(command).action(async (options: RegistryOptions) => {
    const { listProvisions } = await import("../mesh/provisions.js");
    await listProvisions(options, terminal);
  });
}
