import { type Command, Option } from "commander";
import { addBrokerOptions } from "../broker-options.js";
import { newCommand } from "../command.js";
import type { RemoveOptions } from "../node/remove.js";
import type { SimulateOptions } from "../node/simulate.js";
import type { Terminal } from "../terminal.js";

/** `fieldmesh simulate`. */
export function simulateCommand(terminal: Terminal): Command {
  const command = newCommand("simulate", "Have a simulated node show a fault", terminal, [
    "fieldmesh simulate greenhouse overheat",
    "fieldmesh simulate greenhouse lowlight --sensor light",
    "fieldmesh simulate greenhouse reset",
  ])
    .argument("<node>", "<node>, or <domain>/<node>")
    .argument("<fault>", "overheat, lowlight, poorair or reset")
    .option("--sensor <id>", "only this sensor")
    .addOption(
      new Option("--legacy", "tell older publishers, which have no command topic").conflicts("sensor"),
    )
    .option("--json", "print JSON");
  return addBrokerOptions(command).action(async (node: string, fault: string, options: SimulateOptions) => {
    const { simulate } = await import("../node/simulate.js");
    await simulate(node, fault, options, terminal);
  });
}

/** `fieldmesh node`. */
export function nodeCommand(terminal: Terminal): Command {
  const group = newCommand("node", "Look after edge nodes", terminal, ["fieldmesh node remove env/barn"]);
  const remove = newCommand(
    "remove",
    "Retire a node for good: forget all that it left at the broker",
    terminal,
    ["fieldmesh node remove env/barn"],
  )
    .argument("<node>", "<domain>/<node>, or <node> in the domain of DOMAIN")
    .option("--force", "even if it is online")
    .option("--json", "print JSON");
  group.addCommand(
    addBrokerOptions(remove).action(async (node: string, options: RemoveOptions) => {
      const { removeNode } = await import("../node/remove.js");
      await removeNode(node, options, terminal);
    }),
  );
  return group;
}
