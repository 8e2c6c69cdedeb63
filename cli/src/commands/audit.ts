import type { Command } from "commander";
import type { AuditOptions } from "../audit/audit.js";
import { addBrokerOptions } from "../broker-options.js";
import { newCommand } from "../command.js";
import { duration } from "../options.js";
import type { Terminal } from "../terminal.js";

/** `fieldmesh audit`: is every reading accounted for? */
export function auditCommand(terminal: Terminal, setExitCode: (code: number) => void): Command {
  const command = newCommand(
    "audit",
    "Account for every reading: what each node gave is stored, dropped, held or unknown",
    terminal,
    [
      "fieldmesh audit                          # live, until Ctrl-C",
      "fieldmesh audit --once --json            # waits until it holds everywhere, at most a minute",
      "fieldmesh audit --for 60s                # exit code 1 when it does not hold at the end",
    ],
  )
    .option("--once", "print once, as soon as every node has told its account and the identity holds")
    .option("--for <time>", "end after this long (with --once: wait at most this long; 60s)", duration)
    .option("--every <time>", "print this often", duration, 2_000)
    .option("--no-resend", "only look, do not ask nodes for what is missing: it then stays unknown")
    .option("--json", "one JSON object a line");
  return addBrokerOptions(command).action(async (options: AuditOptions) => {
    const { audit } = await import("../audit/audit.js");
    setExitCode(await audit(options, terminal));
  });
}
