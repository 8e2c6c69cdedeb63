import type { Rule, RuleKind } from "@fieldmesh/protocol";
import { durationText } from "./times.js";
import { inputUnit, type Measured, valueText } from "./units.js";

/** A line across a chart. `bad` is the side on which the alarm is. */
export interface LimitLine {
  value: number;
  rule: string;
  severity: Rule["severity"];
  bad: "above" | "below";
}

export function limitLines(rules: readonly Rule[]): LimitLine[] {
  const lines: LimitLine[] = [];
  for (const rule of rules) {
    const { id, severity } = rule;
    if (rule.kind === "above" || rule.kind === "below") {
      lines.push({ value: rule.limit, rule: id, severity, bad: rule.kind });
    } else if (rule.kind === "outside") {
      lines.push({ value: rule.low, rule: id, severity, bad: "below" });
      lines.push({ value: rule.high, rule: id, severity, bad: "above" });
    }
  }
  return lines;
}

/** The rule in one phrase: `above 30 °C for 2 s, clears at 29 °C`. */
export function ruleText(rule: Rule, sensor: Measured): string {
  const value = (v: number | boolean): string => valueText(v, sensor, "round");
  const hold = rule.forMs === undefined || rule.kind === "stuck" ? "" : ` for ${durationText(rule.forMs)}`;
  switch (rule.kind) {
    case "above":
    case "below": {
      const clear =
        rule.clear === undefined || rule.clear === rule.limit ? "" : `, clears at ${value(rule.clear)}`;
      return `${rule.kind} ${value(rule.limit)}${hold}${clear}`;
    }
    case "outside": {
      const low = rule.clearLow ?? rule.low;
      const high = rule.clearHigh ?? rule.high;
      const clear =
        low === rule.low && high === rule.high ? "" : `, clears within ${value(low)} to ${value(high)}`;
      return `outside ${value(rule.low)} to ${value(rule.high)}${hold}${clear}`;
    }
    case "equals":
      return `is ${value(rule.value)}${hold}`;
    case "rate":
      return `changes faster than ${value(rule.limit)} in ${durationText(rule.perMs)}${hold}`;
    case "stuck":
      return rule.tolerance === undefined || rule.tolerance === 0
        ? `does not move for ${durationText(rule.forMs)}`
        : `moves less than ${value(rule.tolerance)} for ${durationText(rule.forMs)}`;
    case "missing":
      return `no good reading for ${durationText(rule.afterMs)}`;
  }
}

const KINDS: ReadonlySet<unknown> = new Set<RuleKind>([
  "above",
  "below",
  "outside",
  "equals",
  "rate",
  "stuck",
  "missing",
]);

/** A setting's value in words, as far as it is one that this page knows; else as JSON. */
export function settingText(setting: string, value: unknown, sensor: Measured): string {
  if (setting === "intervalMs" && typeof value === "number") return durationText(value);
  if (typeof value === "object" && value !== null && "kind" in value && KINDS.has(value.kind)) {
    // The node has checked it: it is a rule that it has set.
    return ruleText(value as Rule, sensor);
  }
  return typeof value === "string" ? value : (JSON.stringify(value) ?? "nothing");
}

/** `Rule too-hot`, `Interval`, or the setting's own name. */
export function settingTitle(setting: string): string {
  if (setting === "intervalMs") return "Interval";
  const rule = /^rules\.([a-z0-9-]+)$/.exec(setting)?.[1];
  return rule === undefined ? setting : `Rule ${rule}`;
}

/** A number of a rule that an operator may change. */
export interface RuleField {
  name: string;
  label: string;
  /** As the wire has it; absent where the rule leaves it out. */
  value: number | undefined;
  unit: string;
  /** Shown in seconds, sent in ms. */
  seconds: boolean;
  required: boolean;
}

/** The fields of a rule's form, in the order in which one thinks of them. */
export function ruleFields(rule: Rule, sensor: Measured): RuleField[] {
  const unit = inputUnit(sensor.unit);
  const number = (name: string, label: string, value: number | undefined, required: boolean): RuleField => ({
    name,
    label,
    value,
    unit,
    seconds: false,
    required,
  });
  const time = (name: string, label: string, value: number | undefined, required = false): RuleField => ({
    name,
    label,
    value,
    unit: "s",
    seconds: true,
    required,
  });
  const delays = [
    time("forMs", "Raise after", rule.forMs),
    time("clearForMs", "Clear after", rule.clearForMs),
  ];
  switch (rule.kind) {
    case "above":
    case "below":
      return [
        number("limit", "Limit", rule.limit, true),
        number("clear", "Clears at", rule.clear, false),
        ...delays,
      ];
    case "outside":
      return [
        number("low", "Lowest", rule.low, true),
        number("high", "Highest", rule.high, true),
        number("clearLow", "Clears from", rule.clearLow, false),
        number("clearHigh", "Clears up to", rule.clearHigh, false),
        ...delays,
      ];
    case "equals":
      return delays;
    case "rate":
      return [
        number("limit", "Change", rule.limit, true),
        time("perMs", "Within", rule.perMs, true),
        ...delays,
      ];
    case "stuck":
      return [
        time("forMs", "Unmoved for", rule.forMs, true),
        number("tolerance", "Tolerance", rule.tolerance, false),
        time("clearForMs", "Clear after", rule.clearForMs),
      ];
    case "missing":
      return [time("afterMs", "Missing for", rule.afterMs, true)];
  }
}
