import { z } from "zod";

const UNIT_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};
const DURATION = /^(\d+(?:\.\d+)?) ?(ms|s|m|h|d)$/;

/** `50ms`, `5m`, `1h`, within [min, max] ms; parsed to ms. The same form as in a node's configuration. */
export function duration(minMs: number, maxMs: number, expected: string): z.ZodType<number> {
  return z
    .string(expected)
    .regex(DURATION, { error: expected, abort: true })
    .transform((text, context) => {
      const match = DURATION.exec(text);
      const ms = Math.round(Number(match?.[1]) * (UNIT_MS[match?.[2] ?? ""] ?? Number.NaN));
      if (ms >= minMs && ms <= maxMs) return ms;
      context.addIssue({ code: "custom", message: expected, input: text });
      return z.NEVER;
    })
    .meta({ description: expected });
}

/** A password or token, by reference: the configuration itself holds none. */
export type Secret = { env: string } | { file: string };

export function secret(): z.ZodType<Secret> {
  const expected = "{env: NAME} or {file: PATH}: a secret does not stand in the configuration itself";
  return z
    .union(
      [z.strictObject({ env: z.string().min(1) }), z.strictObject({ file: z.string().min(1) })],
      expected,
    )
    .meta({ description: expected });
}

export function httpAddress(): z.ZodType<string> {
  const expected = "an http:// or https:// address without user and password";
  return z
    .string(expected)
    .max(2_000, expected)
    .refine((text) => {
      if (!URL.canParse(text)) return false;
      const url = new URL(text);
      return (url.protocol === "http:" || url.protocol === "https:") && url.username === "";
    }, expected)
    .meta({ description: expected });
}
