import type { Rule } from "./messages.js";
import { SEVERITIES } from "./messages.js";
import { parseName } from "./names.js";
import type { Parsed } from "./parsed.js";
import { parsedBy } from "./validated.js";
import { z } from "./validator.js";

const DAY_MS = 86_400_000;
const delayMs = z
  .number()
  .min(0)
  .max(7 * DAY_MS);
const durationMs = z
  .number()
  .positive()
  .max(7 * DAY_MS);

const base = {
  id: z.string().refine((text) => parseName("rule", text).ok, {
    error: `1 to 32 of a-z, 0-9 and "-", not beginning with "-"`,
  }),
  severity: z.enum(SEVERITIES),
  forMs: delayMs.exactOptional(),
  clearForMs: delayMs.exactOptional(),
};

/** A rule as the wire and a node's configuration write it; limits that contradict one another are refused. */
export const ruleSchema = z
  .discriminatedUnion("kind", [
    z.object({
      ...base,
      kind: z.enum(["above", "below"]),
      limit: z.number(),
      clear: z.number().exactOptional(),
    }),
    z.object({
      ...base,
      kind: z.literal("outside"),
      low: z.number(),
      high: z.number(),
      clearLow: z.number().exactOptional(),
      clearHigh: z.number().exactOptional(),
    }),
    z.object({ ...base, kind: z.literal("equals"), value: z.union([z.number(), z.boolean()]) }),
    z.object({ ...base, kind: z.literal("rate"), limit: z.number().positive(), perMs: durationMs }),
    z.object({
      ...base,
      kind: z.literal("stuck"),
      forMs: durationMs,
      tolerance: z.number().min(0).exactOptional(),
    }),
    z.object({ ...base, kind: z.literal("missing"), afterMs: durationMs }),
  ])
  .superRefine((rule, context) => {
    const contradiction = contradictionOf(rule);
    if (contradiction === undefined) return;
    context.addIssue({ code: "custom", path: [contradiction.field], message: contradiction.expected });
  }) satisfies z.ZodType<Rule>;

/** A clear limit on the wrong side would raise and clear at once, for ever. */
function contradictionOf(rule: Rule): { field: string; expected: string } | undefined {
  switch (rule.kind) {
    case "above":
      return rule.clear !== undefined && rule.clear > rule.limit
        ? { field: "clear", expected: `at most the limit, ${rule.limit}` }
        : undefined;
    case "below":
      return rule.clear !== undefined && rule.clear < rule.limit
        ? { field: "clear", expected: `at least the limit, ${rule.limit}` }
        : undefined;
    case "outside": {
      if (rule.low >= rule.high) return { field: "low", expected: `below high, ${rule.high}` };
      const { low, high, clearLow = low, clearHigh = high } = rule;
      if (clearLow < low) return { field: "clearLow", expected: `at least low, ${low}` };
      if (clearHigh > high) return { field: "clearHigh", expected: `at most high, ${high}` };
      if (clearLow > clearHigh) return { field: "clearLow", expected: `at most clearHigh, ${clearHigh}` };
      return undefined;
    }
    case "equals":
    case "rate":
    case "stuck":
    case "missing":
      return undefined;
  }
}

/** Parses one rule; the refusal names the field, the value and what was expected. */
export function parseRule(value: unknown): Parsed<Rule> {
  return parsedBy(ruleSchema, value, "rule");
}
