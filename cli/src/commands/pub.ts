import type { Command } from "commander";
import { addBrokerOptions } from "../broker-options.js";
import { newCommand } from "../command.js";
import { qos, repeatable } from "../options.js";
import type { PubOptions } from "../pubsub/publish.js";
import type { Terminal } from "../terminal.js";

/** `fieldmesh pub`: as `mosquitto_pub`. */
export function pubCommand(terminal: Terminal): Command {
  const command = newCommand("pub", "Publish messages", terminal, [
    "fieldmesh pub -t env/desk/temperature/raw -m 21.5",
    'fieldmesh pub -t notes/hello -r -m "kept for whoever subscribes later"',
    "fieldmesh pub -t notes/hello -r -n                       # removes the retained message",
    "seq 100 | fieldmesh pub -t test/count -l -q 0            # a message a line",
  ])
    .requiredOption("-t, --topic <topic>", "topic; may be given more than once", repeatable)
    .option("-m, --message <text>", "the payload")
    .option("-f, --file <file>", "the payload is this file")
    .option("-l, --lines", "a message for each line of the standard input")
    .option("-s, --stdin", "the payload is the whole standard input (the default when something is piped in)")
    .option("-n, --null", "an empty payload")
    .option("-q, --qos <level>", "0, 1 or 2", qos, 1)
    .option("-r, --retain", "the broker keeps the message for later subscribers")
    .option("--json", "print what was acknowledged, one JSON object a line");
  return addBrokerOptions(command).action(async (options: PubOptions) => {
    const { publish } = await import("../pubsub/publish.js");
    await publish(options, terminal);
  });
}
