import { type AlarmState, type Rule, unitLabel } from "@fieldmesh/protocol";
import { formatDuration } from "@fieldmesh/runtime/config-file/durations";

/** What an event's text speaks of. */
export interface MessageSubject {
  id: string;
  label?: string;
  type?: string;
  unit: string;
}

/** What true and false are called, by type of sensor; others are called by these names themselves. */
const STATES: ReadonlyMap<string | undefined, readonly [whenTrue: string, whenFalse: string]> = new Map([
  ["door", ["open", "closed"]],
  ["window", ["open", "closed"]],
  ["leak", ["wet", "dry"]],
  ["switch", ["on", "off"]],
  ["occupancy", ["occupied", "empty"]],
  ["presence", ["occupied", "empty"]],
]);

/** The sentence of an event: `temperature above 30 °C for 2 s`, `temperature no longer above 30 °C`. */
export function alarmMessage(rule: Rule, state: AlarmState, sensor: MessageSubject): string {
  const name = sensor.label ?? sensor.id;
  const cleared = state === "cleared";
  const amount = (value: number): string => `${value} ${unitLabel(sensor.unit)}`.trimEnd();
  const held =
    !cleared && rule.forMs !== undefined && rule.forMs > 0 ? ` for ${formatDuration(rule.forMs)}` : "";
  const no = cleared ? "no longer " : "";
  switch (rule.kind) {
    case "above":
    case "below":
      return `${name} ${no}${rule.kind} ${amount(rule.limit)}${held}`;
    case "outside":
      return `${name} ${no}outside ${rule.low} to ${amount(rule.high)}${held}`;
    case "equals": {
      const [whenTrue, whenFalse] = STATES.get(sensor.type) ?? ["true", "false"];
      const value =
        typeof rule.value === "boolean" ? (rule.value ? whenTrue : whenFalse) : amount(rule.value);
      return `${name} is ${no}${value}${held}`;
    }
    case "rate":
      return `${name} ${no}changing faster than ${amount(rule.limit)} in ${formatDuration(rule.perMs)}${held}`;
    case "stuck":
      return cleared ? `${name} moves again` : `${name} has not moved for ${formatDuration(rule.forMs)}`;
    case "missing":
      return cleared
        ? `${name} is read again`
        : `no good reading of ${name} for ${formatDuration(rule.afterMs + (rule.forMs ?? 0))}`;
  }
}

/** The limit that an event names: the one that was passed, where the rule has one. */
export function limitOf(rule: Rule, value: number | boolean | null): number | boolean | undefined {
  switch (rule.kind) {
    case "above":
    case "below":
    case "rate":
      return rule.limit;
    case "outside": {
      const middle = (rule.low + rule.high) / 2;
      return typeof value !== "number" ? undefined : value < middle ? rule.low : rule.high;
    }
    case "equals":
      return rule.value;
    case "stuck":
    case "missing":
      return undefined;
  }
}
