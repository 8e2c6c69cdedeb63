import type { Command } from "commander";
import { addBrokerOptions } from "../broker-options.js";
import { newCommand } from "../command.js";
import { duration, qos, repeatable, wholeNumber } from "../options.js";
import type { SubOptions } from "../pubsub/subscribe.js";
import type { Terminal } from "../terminal.js";

/** `fieldmesh sub`: as `mosquitto_sub`. */
export function subCommand(terminal: Terminal, setExitCode: (code: number) => void): Command {
  const command = newCommand("sub", "Print messages as they arrive", terminal, [
    "fieldmesh sub -t 'env/+/+/raw' -v                        # every reading, with its topic",
    "fieldmesh sub -t 'env/event/#' -v                        # every alarm",
    "fieldmesh sub -t env/greenhouse/temperature/raw -C 1 -W 10",
    "fieldmesh sub -t '$SYS/broker/uptime' -C 1",
  ])
    .requiredOption(
      "-t, --topic <filter>",
      "topic or filter with + and #; may be given more than once",
      repeatable,
    )
    .option("-v, --verbose", "print the topic before each payload")
    .option("-C, --count <n>", "end after this many messages", wholeNumber(1))
    .option("-W, --wait <time>", "end after this long, with exit code 27; seconds, or with a unit", duration)
    .option("-q, --qos <level>", "0, 1 or 2", qos, 1)
    .option("-R, --no-retained", "leave retained messages out")
    .option("--retained-only", "only retained messages")
    .option("-T, --filter-out <filter>", "leave these topics out; may be given more than once", repeatable)
    .option("-N, --no-newline", "no line end after a payload")
    .option("--json", "one JSON object a message and line");
  return addBrokerOptions(command).action(async (options: SubOptions) => {
    const { subscribe } = await import("../pubsub/subscribe.js");
    setExitCode(await subscribe(options, terminal));
  });
}
