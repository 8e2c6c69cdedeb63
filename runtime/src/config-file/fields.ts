import { z } from "zod";
import { DURATION, formatDuration, parseDuration } from "./durations.js";
import type { Secret } from "./secret.js";

/** Longest timer that Node.js keeps: 2^31 - 1 ms, a little over 24 days. */
const MAX_TIMER_MS = 2_147_483_647;
const EXAMPLES = "500ms, 2s, 5m, 1h or 7d";

/**
 * A duration as `2s`, within [min, max] ms; parsed to ms. As every field's, its message says what is expected: line,
 * field and value are put before it.
 */
export function duration(min = 0, max = MAX_TIMER_MS): z.ZodType<number> {
  const expected =
    min === 0 && max === MAX_TIMER_MS
      ? `a duration as ${EXAMPLES}`
      : `a duration from ${formatDuration(min)} to ${formatDuration(max)}, as ${EXAMPLES}`;
  return z
    .string(expected)
    .regex(DURATION, { error: expected, abort: true })
    .transform((text, context) => {
      const ms = parseDuration(text);
      if (ms !== undefined && ms >= min && ms <= max) return ms;
      context.addIssue({ code: "custom", message: expected, input: text });
      return z.NEVER;
    })
    .meta({ description: `A duration: 500ms, 2s, 5m, 1h, 7d.` });
}

/** A {@link Secret}: a password or token by reference. */
export function secret(): z.ZodType<Secret> {
  const expected = "{env: NAME} or {file: PATH}: a secret does not stand in the configuration itself";
  return z.union(
    [
      z.strictObject({ env: z.string().min(1), prefix: z.string().optional() }),
      z.strictObject({ file: z.string().min(1), prefix: z.string().optional() }),
    ],
    expected,
  );
}
