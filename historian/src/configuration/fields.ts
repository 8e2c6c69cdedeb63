import { z } from "zod";

const PERCENT = /^(\d{1,3}(?:\.\d{1,6})?) ?%$/;
const TERM = /^(\d+(?:\.\d+)?) ?(h|d|y)$/;
const TERM_MS: Readonly<Record<string, number>> = { h: 3_600_000, d: 86_400_000, y: 31_536_000_000 };

/** A share that is promised, written `99.9%` or `0.999`; parsed to 0…1, both excluded. */
export function share(): z.ZodType<number> {
  const expected = "a share above 0 and below 1, as 99.9% or 0.999";
  return z
    .union([z.number(), z.string()], expected)
    .transform((given, context) => {
      const percent =
        typeof given === "string" ? Number(PERCENT.exec(given)?.[1] ?? Number.NaN) : given * 100;
      const parsed = Number((percent / 100).toPrecision(12));
      if (parsed > 0 && parsed < 1) return parsed;
      context.addIssue({ code: "custom", message: expected, input: given });
      return z.NEVER;
    })
    .meta({ description: "The share that is promised, above 0 and below 1: 99.9% or 0.999." });
}

/** How long something is kept, written `7d`, `12h` or `5y` (of 365 days); parsed to ms. */
export function term(): z.ZodType<number> {
  const expected = "a time from 1h to 100y, as 12h, 7d or 5y";
  return z
    .string(expected)
    .transform((text, context) => {
      const [, amount = "", unit = ""] = TERM.exec(text) ?? [];
      const ms = Math.round(Number(amount) * (TERM_MS[unit] ?? Number.NaN));
      if (ms >= 3_600_000 && ms <= 100 * 31_536_000_000) return ms;
      context.addIssue({ code: "custom", message: expected, input: text });
      return z.NEVER;
    })
    .meta({ description: "How long it is kept: 12h, 7d, 5y." });
}
