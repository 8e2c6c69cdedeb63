import type { Secret } from "@fieldmesh/runtime/config-file/secret";
import type { Fields } from "../config/fields.js";
import {
  type Driver,
  type DriverContext,
  DriverError,
  type DriverModule,
  type SensorDefaults,
  type Zod,
} from "./driver.js";
import { payloadValue } from "./payload.js";
import { runProgram } from "./run-program.js";
import { resolveSecret } from "./secret.js";

/** All that a program gets of the node's own environment: nothing of its credentials. */
const PASSED_ON = ["PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR"];

function options(z: Zod, fields: Fields) {
  return z.strictObject({
    command: z
      .array(z.string("a text"), "a list, as [/usr/bin/vcgencmd, measure_temp]")
      .min(1, "a program, and its arguments")
      .meta({ description: "The program and its arguments. No shell: no pipes, variables or globs." }),
    path: fields.path().optional().meta({ description: "Into its JSON. Default: its output is the value." }),
    values: fields.values().optional(),
    timeout: fields.duration(10, 600_000).default(10_000).meta({ description: "It is ended then." }),
    maxOutput: fields.size(1, 16_777_216).default(65_536).meta({ description: "It may print this much." }),
    env: z
      .record(z.string(), z.union([z.string(), fields.secret()], "a text, {env: NAME} or {file: PATH}"))
      .default({})
      .meta({ description: "Variables for it, beside PATH, HOME, LANG, LC_ALL, TZ and TMPDIR." }),
    cwd: fields.file("a folder").optional().meta({
      description:
        "Where it runs. A relative path starts in this file's folder. Default: where the node does.",
    }),
  });
}

type Options = ReturnType<typeof options>["_zod"]["output"];

function defaults(): SensorDefaults {
  return { intervalMs: 10_000 };
}

function open(chosen: Options, context: DriverContext): Promise<Driver> {
  return Promise.resolve({
    readLimitMs: chosen.timeout + 5_000, // its own limit comes first
    async read(signal) {
      const { command, cwd, timeout: timeoutMs, maxOutput: maxBytes } = chosen;
      const { onProgram } = context;
      const env = await environment(chosen.env);
      const output = await runProgram({ command, cwd, env, timeoutMs, maxBytes, onProgram }, signal);
      const value = payloadValue(output, chosen, context.sensor.valueType);
      if (value === undefined) throw new DriverError(`its output has nothing at ${chosen.path ?? ""}`);
      return { value };
    },
    close: () => Promise.resolve(), // a read ends its program with it
  });
}

async function environment(own: Readonly<Record<string, string | Secret>>): Promise<NodeJS.ProcessEnv> {
  const env: NodeJS.ProcessEnv = {};
  for (const name of PASSED_ON) if (process.env[name] !== undefined) env[name] = process.env[name];
  for (const [name, value] of Object.entries(own)) {
    env[name] = typeof value === "string" ? value : await resolveSecret(value);
  }
  return env;
}

export const driver: DriverModule<Options> = { options, defaults, open };
