import { COMMAND_NAMES, type CommandName, type Commands, SIMULATIONS } from "./messages.js";
import { parseName } from "./names.js";
import { type Parsed, refuse, shown } from "./parsed.js";
import { parsedBy } from "./validated.js";
import { z } from "./validator.js";

/** A command's name with the arguments that belong to it. */
export type CommandArgs = { [N in CommandName]: { name: N; args: Commands[N]["args"] } }[CommandName];

const sensor = z.string().refine((text) => parseName("sensor", text).ok, { error: "the id of a sensor" });
const seq = z.int().min(1);

/** Shortest and longest interval that a command may set, ms. */
const MIN_INTERVAL_MS = 10;
const MAX_INTERVAL_MS = 86_400_000;

const argsSchemas: { [N in CommandName]: z.ZodType<Commands[N]["args"]> } = {
  "set-interval": z.object({ sensor, intervalMs: z.number().min(MIN_INTERVAL_MS).max(MAX_INTERVAL_MS) }),
  "set-rule": z.object({
    sensor,
    rule: z.string().refine((text) => parseName("rule", text).ok, { error: "the id of a rule" }),
    set: z
      .record(z.string().max(32), z.unknown())
      .refine((set) => !Object.hasOwn(set, "id") && !Object.hasOwn(set, "kind"), {
        error: "fields of the rule other than id and kind",
      }),
  }),
  "read-now": z.object({ sensor: sensor.exactOptional() }),
  simulate: z.object({ type: z.enum(SIMULATIONS), sensor: sensor.exactOptional() }),
  "restart-sensor": z.object({ sensor }),
  resend: z
    .object({ sensor, boot: z.int().min(1), from: seq, to: seq })
    .refine(({ from, to }) => from <= to, { error: "from to be at most to", path: ["from"] }),
  time: z.object({}),
};

/** Checks a command's arguments by its name; an unknown name is refused with the names there are. */
export function parseCommandArgs(name: string, args: unknown): Parsed<CommandArgs> {
  if (!isCommandName(name)) {
    return refuse("field", `command ${shown(name)}: expected one of ${COMMAND_NAMES.join(", ")}`, "name");
  }
  const parsed = parsedBy<Commands[CommandName]["args"]>(argsSchemas[name], args ?? {}, "args");
  if (!parsed.ok) return parsed;
  // The schema was picked by the name: the two belong together, which an indexed access cannot express.
  return { ok: true, value: { name, args: parsed.value } as CommandArgs };
}

function isCommandName(name: string): name is CommandName {
  return (COMMAND_NAMES as readonly string[]).includes(name);
}
