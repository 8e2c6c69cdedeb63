import type { AlarmView } from "@fieldmesh/protocol";
import { signal } from "@preact/signals";
import { sensorTitle } from "./model/catalogue.js";

/** What screen readers are told: politely, or at once when it is critical. */
export const polite = signal("");
export const assertive = signal("");

/** Names up to three alarms; a first load tells only how many stand. */
export function announceAlarms(raised: readonly AlarmView[], full: boolean): void {
  if (raised.length === 0) return;
  if (full) {
    polite.value = raised.length === 1 ? "1 alarm is standing." : `${raised.length} alarms are standing.`;
    return;
  }
  const critical = raised.filter((alarm) => alarm.event.severity === "critical");
  if (critical.length > 0) assertive.value = sentence("Critical alarm", critical);
  const others = raised.filter((alarm) => alarm.event.severity !== "critical");
  if (others.length > 0) polite.value = sentence("Alarm", others);
}

function sentence(what: string, alarms: readonly AlarmView[]): string {
  const named = alarms
    .slice(0, 3)
    .map(({ event }) => `${event.node}, ${sensorTitle({ id: event.sensor })}: ${event.message}`);
  const more = alarms.length > 3 ? `, and ${alarms.length - 3} more` : "";
  return `${what}: ${named.join("; ")}${more}.`;
}
