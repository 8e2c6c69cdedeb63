import type { Command } from "commander";
import { newCommand } from "../command.js";
import { EXIT } from "../exit.js";
import { addRegistryOptions, type RegistryOptions } from "../mesh/registry.js";
import type { Terminal } from "../terminal.js";

/** What is asked of products, and whether they meet it. */
export function governanceCommands(terminal: Terminal, setExitCode: (code: number) => void): Command[] {
  return [policiesCommand(terminal), complianceCommand(terminal, setExitCode), reportCommand(terminal)];
}

function policiesCommand(terminal: Terminal): Command {
  const group = newCommand("policies", "Governance policies", terminal, [
    "fieldmesh mesh policies add data-quality.yaml",
    "fieldmesh mesh policies list",
  ]);
  group.addCommand(
    addRegistryOptions(
      newCommand("list", "List the policies", terminal, ["fieldmesh mesh policies list"]),
    ).action(async (options: RegistryOptions) => {
      const { listPolicies } = await import("../mesh/governance.js");
      await listPolicies(options, terminal);
    }),
  );
  group.addCommand(
    addRegistryOptions(
      newCommand("show", "Show a policy", terminal, ["fieldmesh mesh policies show data-quality"]).argument(
        "<policy>",
      ),
    ).action(async (policy: string, options: RegistryOptions) => {
      const { showPolicy } = await import("../mesh/governance.js");
      await showPolicy(policy, options, terminal);
    }),
  );
  group.addCommand(
    addRegistryOptions(
      newCommand("add", "Make a policy out of a file", terminal, [
        "fieldmesh mesh policies add data-quality.yaml",
        "fieldmesh mesh policies add data-quality.yaml --replace",
      ])
        .argument("<file>", "YAML or JSON; - is the standard input")
        .option("--replace", "change the policy that there is"),
    ).action(async (file: string, options: RegistryOptions & { replace?: boolean }) => {
      const { putPolicy } = await import("../mesh/governance.js");
      await putPolicy(file, options, terminal);
    }),
  );
  group.addCommand(
    addRegistryOptions(
      newCommand("remove", "Remove a policy", terminal, [
        "fieldmesh mesh policies remove data-quality",
      ]).argument("<policy>"),
    ).action(async (policy: string, options: RegistryOptions) => {
      const { removePolicy } = await import("../mesh/governance.js");
      await removePolicy(policy, options, terminal);
    }),
  );
  return group;
}

function complianceCommand(terminal: Terminal, setExitCode: (code: number) => void): Command {
  const command = newCommand(
    "compliance",
    "How products stand against their policies; exit code 1 when one fails",
    terminal,
    [
      "fieldmesh mesh compliance",
      "fieldmesh mesh compliance orders",
      "fieldmesh mesh compliance orders --history",
    ],
  )
    .argument("[product]", "its rules, one by one")
    .option("--history", "of a product: when it changed");
  return addRegistryOptions(command).action(
    async (product: string | undefined, options: RegistryOptions & { history?: boolean }) => {
      const { showCompliance } = await import("../mesh/governance.js");
      if (await showCompliance(product, options, terminal)) setExitCode(EXIT.failure);
    },
  );
}

function reportCommand(terminal: Terminal): Command {
  const command = newCommand("report", "The mesh as a whole", terminal, [
    "fieldmesh mesh report > mesh.md",
    "fieldmesh mesh report --json",
  ]).option("--markdown", "as it is unless --json is given");
  return addRegistryOptions(command).action(async (options: RegistryOptions & { markdown?: boolean }) => {
    const { showReport } = await import("../mesh/governance.js");
    await showReport(options, terminal);
  });
}
