import type { Command } from "commander";
import type { BackupOptions, RestoreOptions } from "../backup/backup.js";
import { newCommand } from "../command.js";
import type { Terminal } from "../terminal.js";

/** `fieldmesh backup` and `fieldmesh restore`: all that services remember, in one file. */
export function backupCommands(terminal: Terminal): Command[] {
  const backup = newCommand(
    "backup",
    "Write all that services remember into one file, while they run",
    terminal,
    [
      "fieldmesh backup /mnt/usb/monday.backup",
      "STORAGE=mongodb://db.example.org/fieldmesh fieldmesh backup monday.backup --json",
    ],
  )
    .argument("<file>", "a file that is not there yet")
    .option("--json", "what it holds, as JSON")
    .action(async (file: string, options: BackupOptions) => {
      const { runBackup } = await import("../backup/backup.js");
      await runBackup(file, options, terminal);
    });
  const restore = newCommand("restore", "Write a backup into a store, of either kind", terminal, [
    "fieldmesh restore monday.backup",
    "STORAGE=mongodb://db.example.org/fieldmesh fieldmesh restore monday.backup --replace",
  ])
    .argument("<file>", "written by `fieldmesh backup`")
    .option(
      "--replace",
      "remove all that is in the store; without it, a store that holds anything is refused",
    )
    .option("--json", "what it holds, as JSON")
    .action(async (file: string, options: RestoreOptions) => {
      const { runRestore } = await import("../backup/backup.js");
      await runRestore(file, options, terminal);
    });
  return [backup, restore];
}
