import { z } from "zod";
import { parseJsonPath } from "../drivers/json-path.js";
import { DURATION, formatDuration, parseDuration, parseSize, SIZE } from "./durations.js";

/**
 * A password or token, by reference: from a variable, or from a file (its last line break taken off). `prefix`
 * goes before it, as `Bearer ` does in a header.
 */
export type Secret = ({ env: string } | { file: string }) & { prefix?: string | undefined };

/** The kinds of field that the drivers' options and the node's settings have in common. */
export interface Fields {
  /** `2s`, within [min, max] ms; parsed to ms. */
  duration(min?: number, max?: number): z.ZodType<number>;
  /** `4MiB`, within [min, max] bytes; parsed to bytes. */
  size(min?: number, max?: number): z.ZodType<number>;
  secret(): z.ZodType<Secret>;
  /** A path into JSON as `a.b[0].c`. */
  path(): z.ZodType<string>;
  /** What a device says, mapped to values: `ON: true`. */
  values(): z.ZodType<Record<string, number | boolean>>;
}

/** Longest timer that Node.js keeps: 2^31 - 1 ms, a little over 24 days. */
const MAX_TIMER_MS = 2_147_483_647;
/** Beyond any disk that a node has; keeps sizes exact as numbers. */
const MAX_BYTES = 2 ** 50;

/** A field's message says what is expected; line, field and value are put before it (see `errors.ts`). */
function duration(min = 0, max = MAX_TIMER_MS): z.ZodType<number> {
  const expected =
    min === 0 && max === MAX_TIMER_MS
      ? "a duration as 500ms, 2s, 5m, 1h or 7d"
      : `a duration from ${formatDuration(min)} to ${formatDuration(max)}, as 500ms, 2s, 5m, 1h or 7d`;
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

function size(min = 1, max = MAX_BYTES): z.ZodType<number> {
  const expected = `a size as 512B, 64kB or 4MiB, from ${min} B to ${max} B`;
  return z
    .string(expected)
    .regex(SIZE, { error: expected, abort: true })
    .transform((text, context) => {
      const bytes = parseSize(text);
      if (bytes !== undefined && bytes >= min && bytes <= max) return bytes;
      context.addIssue({ code: "custom", message: expected, input: text });
      return z.NEVER;
    })
    .meta({ description: "A size: 512B, 64kB, 4MiB." });
}

function secret(): z.ZodType<Secret> {
  const expected = "{env: NAME} or {file: PATH}: a secret does not stand in the configuration itself";
  return z.union(
    [
      z.strictObject({ env: z.string().min(1), prefix: z.string().optional() }),
      z.strictObject({ file: z.string().min(1), prefix: z.string().optional() }),
    ],
    expected,
  );
}

function path(): z.ZodType<string> {
  const expected = 'a path into JSON, as temperature, a.b[0].c or ["a.b"]';
  return z
    .string(expected)
    .max(512)
    .refine((text) => parseJsonPath(text) !== undefined, expected)
    .meta({ description: "A path into JSON: a.b[0].c" });
}

function values(): z.ZodType<Record<string, number | boolean>> {
  return z.record(z.string(), z.union([z.number(), z.boolean()], "a number, true or false")).meta({
    description: "What the device says, and the value that it stands for: { ON: true, OFF: false }",
  });
}

export const FIELDS: Fields = { duration, size, secret, path, values };
