import { MEASURES, type Measure, type Severity } from "@fieldmesh/protocol";
import type { ConfigurationContent, ObjectiveContent, ObjectiveWindow } from "./schema.js";

/** What is promised of one stream in one respect. */
export interface Objective {
  /** The rule of its alarms. */
  id: `slo-${Measure}`;
  measure: Measure;
  /** Share, 0 to 1, both excluded. */
  target: number;
  /** Of availability and timeliness; absent where what the birth declares decides. */
  withinMs?: number;
  window: ObjectiveWindow;
  /** Of its alarms, at most. */
  severity: Severity;
}

type Fields = { [K in "target" | "window" | "severity" | "within"]?: ObjectiveFields[K] | undefined };
interface ObjectiveFields {
  target: number;
  window: ObjectiveWindow;
  severity: Severity;
  within: number;
}

/**
 * What holds where the document says nothing. A day, as that is how long somebody may be away; 99 % of it leaves
 * a quarter of an hour. `docs/historian-configuration.md` lists them.
 */
export const DEFAULT_OBJECTIVES: Readonly<
  Record<Measure, Omit<ObjectiveFields, "within"> & { within?: number }>
> = {
  availability: { target: 0.99, window: "24h", severity: "critical" },
  completeness: { target: 0.999, window: "24h", severity: "critical" },
  validity: { target: 0.99, window: "24h", severity: "warning" },
  timeliness: { target: 0.99, window: "24h", severity: "warning", within: 10_000 },
};

/**
 * Prepares what is promised of any stream. From the least to the most specific, each field of a later one replaces
 * that of the one before: built in, `defaults`, patterns with ever more letters of their own, the stream's exact
 * name. `false` switches an objective off until a more specific one says something of it.
 */
export function resolverOf({ defaults, streams }: ConfigurationContent): (stream: string) => Objective[] {
  // Documents of the registry name thousands of streams, and few patterns.
  const patterns = Object.entries(streams)
    .filter(([pattern]) => pattern.includes("*"))
    .sort(([a], [b]) => letters(a) - letters(b) || (a < b ? -1 : 1));
  const exact = new Map(Object.entries(streams));
  return (stream) => {
    const matching = patterns.filter(([pattern]) => matches(pattern, stream));
    const layers = [defaults.objectives, ...matching.map(([, { objectives }]) => objectives)];
    const own = exact.get(stream);
    return layered(own === undefined ? layers : [...layers, own.objectives]);
  };
}

/** What is promised of one stream. See {@link resolverOf}. */
export function objectivesOf(content: ConfigurationContent, stream: string): Objective[] {
  return resolverOf(content)(stream);
}

function layered(layers: readonly ObjectiveContent[]): Objective[] {
  return MEASURES.flatMap((measure) => {
    let fields: Fields | undefined = DEFAULT_OBJECTIVES[measure];
    for (const layer of layers) {
      const given = layer[measure];
      if (given === false) fields = undefined;
      else if (given !== undefined)
        fields = { ...(fields ?? DEFAULT_OBJECTIVES[measure]), ...defined(given) };
    }
    if (fields === undefined) return [];
    const { target, window, severity, within } = { ...DEFAULT_OBJECTIVES[measure], ...fields };
    if (target === undefined || window === undefined || severity === undefined) return [];
    const objective: Objective = { id: `slo-${measure}`, measure, target, window, severity };
    return [within === undefined ? objective : { ...objective, withinMs: within }];
  });
}

function letters(pattern: string): number {
  return pattern.replaceAll("*", "").length;
}

/** `*` stands for any run of characters. In time of the product of the lengths at most: no regular expression. */
export function matches(pattern: string, text: string): boolean {
  let p = 0;
  let t = 0;
  let star = -1;
  let resume = 0;
  while (t < text.length) {
    if (pattern[p] === "*") {
      star = p++;
      resume = t;
    } else if (pattern[p] === text[t]) {
      p++;
      t++;
    } else if (star >= 0) {
      p = star + 1;
      t = ++resume;
    } else return false;
  }
  while (pattern[p] === "*") p++;
  return p === pattern.length;
}

function defined(given: Fields): Fields {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}
