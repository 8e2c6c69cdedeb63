import type { AlarmView } from "@fieldmesh/protocol";
import { isNodeAlarm } from "./alarms.js";

/** A standing alarm; one that says that a node is away has those of its sensors with it. */
export interface AlarmEntry {
  alarm: AlarmView;
  ofSensors: AlarmView[];
}

/**
 * What is shown as one: while a node is away, the alarms of its sensors tell the same trouble again. An entry stands
 * where the first of its alarms stood.
 */
export function entriesOf(alarms: readonly AlarmView[]): AlarmEntry[] {
  const nodeOf = ({ domain, event }: AlarmView): string => `${domain}/${event.node}`;
  const away = new Map<string, AlarmEntry>();
  for (const alarm of alarms)
    if (isNodeAlarm(alarm) && alarm.event.rule === "offline")
      away.set(nodeOf(alarm), { alarm, ofSensors: [] });
  const entries = new Set<AlarmEntry>();
  for (const alarm of alarms) {
    const entry = away.get(nodeOf(alarm));
    if (entry === undefined) entries.add({ alarm, ofSensors: [] });
    else if (entry.alarm === alarm) entries.add(entry);
    else if (isNodeAlarm(alarm)) entries.add({ alarm, ofSensors: [] });
    else {
      entry.ofSensors.push(alarm);
      entries.add(entry);
    }
  }
  return [...entries];
}
