import { type Rule, ruleSchema, SEVERITIES } from "@fieldmesh/protocol";
import { z } from "zod";
import { FIELDS } from "./fields.js";

const number = z.number("a number");
const pair = z.tuple([number, number], "two numbers, [low, high]");
const DAY_MS = 86_400_000;

/** The key that says of which kind a rule is, and what else may stand beside it. */
const KINDS = {
  above: ["clear", "for", "clearFor"],
  below: ["clear", "for", "clearFor"],
  outside: ["clear", "for", "clearFor"],
  equals: ["for", "clearFor"],
  rate: ["per", "for", "clearFor"],
  stuck: ["tolerance", "clearFor"],
  missing: ["clearFor"],
} as const;
type Kind = keyof typeof KINDS;
export const RULE_KINDS = Object.keys(KINDS) as Kind[];

const shape = z.strictObject({
  above: number.optional().meta({ description: "Raised when the value is above this." }),
  below: number.optional().meta({ description: "Raised when the value is below this." }),
  outside: pair.optional().meta({ description: "Raised when the value is outside [low, high]." }),
  equals: z
    .union([z.number(), z.boolean()], "a number, true or false")
    .optional()
    .meta({ description: "Raised while the value is exactly this." }),
  rate: z
    .number("a number above 0")
    .positive()
    .optional()
    .meta({ description: "Raised when the value changes by more than this within `per`." }),
  stuck: FIELDS.duration(1, 7 * DAY_MS)
    .optional()
    .meta({ description: "Raised when the value has not moved for this long." }),
  missing: FIELDS.duration(1, 7 * DAY_MS)
    .optional()
    .meta({ description: "Raised when no good reading came for this long." }),
  clear: z
    .union([number, pair], "a number, or [low, high] beside `outside`")
    .optional()
    .meta({ description: "Cleared only once the value is back past this. Default: the limit." }),
  per: FIELDS.duration(1, 7 * DAY_MS)
    .optional()
    .meta({ description: "The time in which `rate` counts a change." }),
  tolerance: z.number().min(0).optional().meta({ description: "Moves up to this much count as `stuck`." }),
  for: FIELDS.duration(0, 7 * DAY_MS)
    .optional()
    .meta({
      description: "How long the condition must hold before it is raised, and be gone to be cleared.",
    }),
  clearFor: FIELDS.duration(0, 7 * DAY_MS)
    .optional()
    .meta({ description: "How long it must be gone, where that differs from `for`." }),
  severity: z.enum(SEVERITIES).default("warning"),
});

type Written = z.output<typeof shape>;

/** A rule as it stands under its id: `{ above: 30, clear: 29, for: 2s }`. Parsed to the wire's rule, less the id. */
export const writtenRule = shape.meta({ short: "rule" }).transform((written, context): Omit<Rule, "id"> => {
  const kinds = RULE_KINDS.filter((kind) => written[kind] !== undefined);
  const [kind] = kinds;
  if (kind === undefined || kinds.length > 1) {
    context.addIssue({
      code: "custom",
      message: `expected exactly one of ${RULE_KINDS.join(", ")}`,
      input: written,
    });
    return z.NEVER;
  }
  const [low = 0, high = 0] = written.outside ?? [];
  if (kind === "outside" && low >= high) {
    context.addIssue({
      code: "custom",
      path: ["outside"],
      message: "[low, high], low below high",
      input: written.outside,
    });
    return z.NEVER;
  }
  let wrong = false;
  const expect = (field: keyof Written, message: string): void => {
    context.addIssue({ code: "custom", path: [field], message, input: written[field] });
    wrong = true;
  };
  const beside: readonly string[] = KINDS[kind];
  for (const field of ["clear", "per", "tolerance", "for", "clearFor"] as const) {
    if (written[field] !== undefined && !beside.includes(field)) {
      expect(field, `nothing here: beside "${kind}" may stand ${[...beside, "severity"].join(", ")}`);
    }
  }
  if (kind === "outside") {
    if (typeof written.clear === "number") expect("clear", 'two numbers, [low, high], beside "outside"');
  } else if (Array.isArray(written.clear)) expect("clear", `one number beside "${kind}"`);
  if (kind === "rate" && written.per === undefined) expect("per", 'the time that "rate" counts in, as 1m');
  if (wrong) return z.NEVER;
  const rule = toRule(kind, written);
  const checked = ruleSchema.safeParse({ id: "rule", ...rule });
  for (const issue of checked.error?.issues ?? []) {
    expect(writtenField(kind, issue.path[0]), issue.message.replace(/^Invalid input: /, ""));
  }
  return wrong ? z.NEVER : rule;
});

function toRule(kind: Kind, written: Written): Omit<Rule, "id"> {
  const [low = 0, high = 0] = written.outside ?? [];
  const [clearLow, clearHigh] = Array.isArray(written.clear) ? written.clear : [];
  const clear = typeof written.clear === "number" ? written.clear : undefined;
  const clearFor = written.clearFor ?? written.for;
  return dropUndefined({
    kind,
    severity: written.severity,
    forMs: kind === "stuck" ? written.stuck : written.for,
    clearForMs: clearFor,
    limit: kind === "rate" ? written.rate : (written.above ?? written.below),
    clear,
    ...(kind === "outside" && { low, high, clearLow, clearHigh }),
    value: written.equals,
    perMs: written.per,
    tolerance: written.tolerance,
    afterMs: written.missing,
  }) as Omit<Rule, "id">;
}

/** The wire's names of limits, as the configuration writes them. */
function writtenField(kind: Kind, field: PropertyKey | undefined): keyof Written {
  if (field === "clear" || field === "clearLow" || field === "clearHigh") return "clear";
  return field === "tolerance" ? field : field === "perMs" ? "per" : kind;
}

function dropUndefined(fields: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}
