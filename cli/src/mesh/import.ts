import { FailureError } from "../exit.js";
import { type Terminal, writeLine } from "../terminal.js";
import { readMeshFolder } from "./folder.js";
import { type Action, planImport } from "./import-plan.js";
import { print, type RegistryOptions, told, withMesh } from "./registry.js";

/** Brings a registry to what a folder says; what is the same already is left alone, and nothing is removed. */
export async function importMesh(
  path: string,
  options: RegistryOptions & { dryRun?: boolean },
  terminal: Terminal,
): Promise<void> {
  const folder = await readMeshFolder(path);
  const { actions, unchanged } = await withMesh(options, terminal, async (mesh) => {
    const plan = await planImport(folder, mesh);
    for (const action of plan.actions) {
      if (options.json !== true) await writeLine(terminal.stdout, lineOf(action));
      if (options.dryRun === true) continue;
      try {
        await action.run(mesh);
      } catch (error) {
        const why = told(error);
        throw new FailureError(`${action.file}: ${why instanceof Error ? why.message : String(why)}`);
      }
    }
    return plan;
  });
  const result = {
    dryRun: options.dryRun === true,
    actions: actions.map(({ verb, kind, name, fields, file }) => ({ verb, kind, name, fields, file })),
    unchanged,
  };
  const what = options.dryRun === true ? "would be done" : "done";
  await print(terminal, options, result, () => `${actions.length} ${what}, ${unchanged} unchanged`);
}

function lineOf({ verb, kind, name, fields }: Action): string {
  return `${verb} ${kind} ${name}${fields.length === 0 ? "" : `: ${fields.join(", ")}`}`;
}
