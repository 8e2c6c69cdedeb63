import { RESERVED_DOMAINS } from "@fieldmesh/protocol";
import { z } from "zod";

/** Fields that several resources have. Their messages say what is expected; who reports them adds field and value. */

/** Levels below an open object; JSON.stringify and every store take more. */
const MAX_DEPTH = 16;
/** Of one open object as JSON, in UTF-16 units: a body has at most 256 KiB. */
const MAX_OPEN_CHARS = 65_536;
export const MAX_TAGS = 10;

/** Paths of the interface and of the clients that came before it. */
const RESERVED_IDS: ReadonlySet<string> = new Set([
  ...RESERVED_DOMAINS,
  "access-log",
  "compliance",
  "conflicts",
  "contracts",
  "data",
  "facets",
  "healthz",
  "historian",
  "impact",
  "keys",
  "metrics",
  "openapi.json",
  "provisions",
  "register_lineage",
  "register_product",
]);

/** Whether a name is a path of the interface, in any case of its letters. */
export function isReservedId(id: string): boolean {
  return RESERVED_IDS.has(id.toLowerCase());
}

/** No control characters but tab and line feed, and no half of a surrogate pair, which UTF-8 cannot hold. */
const PLAIN = /^(?:[^\p{Cc}\p{Cs}]|[\t\n])*$/u;

/** A text for people. */
export function text(maxChars: number): z.ZodString {
  return (
    z
      .string()
      .max(maxChars, `expected at most ${maxChars} characters`)
      // Not as a pattern: API descriptions have no place for its flag.
      .refine((given) => PLAIN.test(given), "expected text without control characters")
  );
}

/** A text that has to say something. */
export function filledText(maxChars: number): z.ZodString {
  return text(maxChars).regex(/\S/, `expected 1 to ${maxChars} characters`);
}

/** Of a data product, a template, a policy. */
export const resourceId = z
  .string()
  .regex(/^[a-zA-Z0-9_-]{1,100}$/, "expected 1 to 100 letters, digits, _ or -")
  .refine((id) => !isReservedId(id), "expected another name: this one is a path of the interface");

/** Wider than a domain of the wire: one that does not fit there has products, but no streams of its own. */
export const domainId = z.string().regex(/^[a-zA-Z0-9_-]{1,50}$/, "expected 1 to 50 letters, digits, _ or -");

/** A person, a team or an address of theirs. */
export const owner = filledText(200);
export const description = text(4_000);

export const tags = z
  .array(filledText(50).transform((tag) => tag.trim().toLowerCase()))
  .max(MAX_TAGS, `expected at most ${MAX_TAGS} tags`)
  .transform((given) => [...new Set(given)]);

/** `250ms`, `30s`, `24h`: a number and one of ms, s, m, h, d. */
export const duration = z
  .string()
  .regex(/^\d{1,9}(?:\.\d{1,3})?(?:ms|s|m|h|d)$/, "expected a number and one of ms, s, m, h, d, as 24h");

const PERCENT = "expected a number from 0 to 100";
export const percent = z.number().min(0, PERCENT).max(100, PERCENT);

/** ms since the epoch. */
export const time = z.number().int().min(0);

/** An object whose names its writer chooses. Kept as JSON text: stores do not take every name. */
export const openObject = z.record(z.string(), z.unknown()).superRefine((value, context) => {
  const fault = openFault(value);
  if (fault !== undefined) context.addIssue({ code: "custom", message: fault });
});

export type OpenObject = z.output<typeof openObject>;

/** Not recursive: what comes from outside may be nested as deep as its body is long. */
function openFault(value: object): string | undefined {
  const open: [node: unknown, depth: number][] = [[value, 0]];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const [node, depth] = next;
    if (typeof node === "number" && !Number.isFinite(node)) return "expected finite numbers";
    if (typeof node !== "object" || node === null) continue;
    if (depth >= MAX_DEPTH) return `expected at most ${MAX_DEPTH} levels`;
    for (const inner of Object.values(node)) open.push([inner, depth + 1]);
  }
  return JSON.stringify(value).length > MAX_OPEN_CHARS
    ? `expected at most ${MAX_OPEN_CHARS} characters as JSON`
    : undefined;
}
