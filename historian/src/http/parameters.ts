import { SEVERITIES } from "@fieldmesh/protocol";
import { didYouMean, HttpProblem } from "@fieldmesh/runtime";
import { parseTime, TIME_EXPECTED } from "../csv/time.js";

/** One parameter of a query: how its text is read, and what an API description says of it. */
export interface Parameter<T> {
  /** Undefined when it is not what is expected. */
  parse: (text: string) => T | undefined;
  expected: string;
  schema: { type: "string" | "integer"; enum?: readonly string[]; minimum?: number; maximum?: number };
  description: string;
}

/** Longer values are not what anyone means. */
const MAX_CHARS = 1_000;
/** Errors of one request that are listed. */
const MAX_ERRORS = 20;
const SHOWN_CHARS = 100;
const UNIT_MS: Record<string, number> = {
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
  y: 31_536_000_000,
};

function whole(min: number, max: number): Pick<Parameter<number>, "parse" | "expected" | "schema"> {
  return {
    parse: (text) => {
      const value = /^\d{1,12}$/.test(text) ? Number(text) : Number.NaN;
      return value >= min && value <= max ? value : undefined;
    },
    expected: `a whole number from ${min} to ${max}`,
    schema: { type: "integer", minimum: min, maximum: max },
  };
}

function oneOf<const T extends string>(...values: T[]): Pick<Parameter<T>, "parse" | "expected" | "schema"> {
  return {
    parse: (text) => values.find((value) => value === text),
    expected: `one of ${values.join(", ")}`,
    schema: { type: "string", enum: values },
  };
}

const name = {
  parse: (text: string) => (/^[a-z0-9][a-z0-9-]{0,31}$/.test(text) ? text : undefined),
  expected: 'a name: 1 to 32 of a-z, 0-9 and "-"',
  schema: { type: "string" },
} as const;

const time = {
  parse: parseTime,
  expected: TIME_EXPECTED,
  schema: { type: "string" },
} as const;

/** Every parameter of every query. */
export const PARAMETERS = {
  from: { ...time, description: "Start of the range, inclusive. By default an hour before `to`." },
  to: { ...time, description: "End of the range, exclusive. By default now." },
  last: {
    parse: (text: string) => {
      const match = /^(\d{1,6})([smhdwy])$/.exec(text);
      const ms = Number(match?.[1]) * (UNIT_MS[match?.[2] ?? ""] ?? 0);
      return ms > 0 ? ms : undefined;
    },
    expected: "a number and one of s, m, h, d, w, y, as 90m",
    schema: { type: "string" },
    description: "The range up to now, in place of `from` and `to`.",
  },
  points: { ...whole(1, 10_000), description: "At most so many rows; 1,000 by default." },
  mode: {
    ...oneOf("minmax", "lttb", "all"),
    description:
      "How rows that are too many are thinned out: `minmax` (default) keeps the lowest and highest of each stretch, " +
      "`lttb` the shape (largest triangle three buckets), `all` keeps every row.",
  },
  level: {
    ...oneOf("auto", "raw", "minute", "hour"),
    description: "Readings, or their rollups of a minute or an hour; `auto` (default) chooses.",
  },
  format: {
    ...oneOf("json", "csv", "ndjson"),
    description: "Overrules the `Accept` header: `csv` and `ndjson` stream the readings themselves out.",
  },
  times: { ...oneOf("iso", "ms"), description: "How CSV writes times: ISO 8601 (default) or ms." },
  domain: { ...name, description: "Only of this domain." },
  node: { ...name, description: "Only of this node." },
  sensor: { ...name, description: "Only of this sensor." },
  rule: { ...name, description: "Only of this rule." },
  stream: {
    parse: (text: string) => (/^[a-z0-9-]+_[a-z0-9-]+_[a-z0-9-]+$/.test(text) ? text : undefined),
    expected: "a stream as env_greenhouse_temperature",
    schema: { type: "string" },
    description: "Only of this stream.",
  },
  state: { ...oneOf("raised", "cleared"), description: "Only events of this state." },
  severity: { ...oneOf(...SEVERITIES), description: "Only events of this severity." },
  q: {
    parse: (text: string) => (text.length <= 200 ? text : undefined),
    expected: "at most 200 characters",
    schema: { type: "string" },
    description: "Only those whose name, label or unit have each of these words in them.",
  },
  after: {
    parse: (text: string) => (text === "" ? undefined : text),
    expected: "`next` of the page before",
    schema: { type: "string" },
    description: "Where the page before ended: taken from its `next`, or its `Link` header.",
  },
  limit: { ...whole(1, 1_000), description: "At most so many of a page; 100 by default." },
} as const satisfies Record<string, Parameter<unknown>>;

export type ParameterName = keyof typeof PARAMETERS;

type Value<P> = P extends { parse: (text: string) => infer T } ? Exclude<T, undefined> : never;
export type Query<N extends ParameterName> = { [K in N]?: Value<(typeof PARAMETERS)[K]> | undefined };

export interface ParameterError {
  parameter: string;
  value: string;
  expected: string;
}

/**
 * The parameters of a query that a route knows.
 * @throws HttpProblem 422 naming each one that is wrong, unknown or given twice.
 */
export function parseQuery<const N extends ParameterName>(
  query: Readonly<Record<string, unknown>>,
  names: readonly N[],
): Query<N> {
  const errors: ParameterError[] = [];
  const parsed: Partial<Record<string, unknown>> = {};
  for (const [parameter, given] of Object.entries(query)) {
    const known = names.find((each) => each === parameter);
    if (known === undefined) {
      errors.push({ parameter, value: shown(given), expected: unknownExpected(parameter, names) });
      continue;
    }
    const declared: Parameter<unknown> = PARAMETERS[known];
    const value = typeof given === "string" && given.length <= MAX_CHARS ? declared.parse(given) : undefined;
    if (value !== undefined) parsed[parameter] = value;
    else {
      const once = Array.isArray(given) ? "once: " : "";
      errors.push({ parameter, value: shown(given), expected: `${once}${declared.expected}` });
    }
  }
  if (errors.length > 0) throw badParameters(errors);
  return parsed as Query<N>;
}

/** 422 naming parameters, their values and what was expected. */
export function badParameters(wrong: readonly ParameterError[]): HttpProblem {
  const errors = wrong.slice(0, MAX_ERRORS).map(({ parameter, value, expected }) => ({
    pointer: `/${parameter.slice(0, SHOWN_CHARS).replace(/~/g, "~0").replace(/\//g, "~1")}`,
    detail: `${parameter.slice(0, SHOWN_CHARS)} ${JSON.stringify(value)}: expected ${expected}`,
    value,
    expected,
  }));
  return new HttpProblem(422, "invalid", errors[0]?.detail ?? "the query is malformed", { errors });
}

function unknownExpected(parameter: string, names: readonly string[]): string {
  const meant = didYouMean(parameter.slice(0, SHOWN_CHARS), names);
  const known = names.length === 0 ? "no parameter" : `one of the parameters ${names.join(", ")}`;
  return meant === "" ? known : `${known}${meant}`;
}

function shown(given: unknown): string {
  const text = typeof given === "string" ? given : JSON.stringify(given);
  return text.length > SHOWN_CHARS ? `${text.slice(0, SHOWN_CHARS)}…` : text;
}
