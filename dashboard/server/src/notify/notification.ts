import { type AlarmView, SEVERITIES, type Severity, unitLabel } from "@fieldmesh/protocol";

/** `repeated`: it still stands, and nobody acknowledged it. `flapping`: it will not be told each time. */
export type NotificationWhat = "raised" | "repeated" | "flapping" | "cleared" | "test";

/** What a channel is given to send. */
export interface Notification {
  /** The same for the same thing to tell, so that a receiver can leave out what it has. */
  id: string;
  what: NotificationWhat;
  severity: Severity;
  domain: string;
  node: string;
  sensor: string;
  rule: string;
  value: number | boolean | null;
  unit: string;
  limit?: number | boolean;
  /** Since when the condition held, ms. */
  since: number;
  /** When the alarm changed, ms. */
  at: number;
  /** The alarm in the node's words. Plain text: not to be trusted as markup. */
  message: string;
}

/** Longest text of foreign origin in a notification; the node's own limit is larger. */
const MAX_MESSAGE = 500; // characters

export function severityRank(severity: Severity): number {
  return SEVERITIES.indexOf(severity);
}

export function notificationOf(alarm: AlarmView, what: NotificationWhat, at: number): Notification {
  const { event } = alarm;
  return {
    id: `${alarm.key} ${event.boot} ${event.seq} ${what}${what === "repeated" ? ` ${at}` : ""}`,
    what,
    severity: event.severity,
    domain: alarm.domain,
    node: event.node,
    sensor: event.sensor,
    rule: event.rule,
    value: event.value,
    unit: event.unit,
    ...(event.limit === undefined ? {} : { limit: event.limit }),
    since: event.since,
    at,
    message: plain(event.message),
  };
}

export function testNotification(channel: string, at: number): Notification {
  return {
    id: `test ${channel} ${at}`,
    what: "test",
    severity: "info",
    domain: "test",
    node: "test",
    sensor: "test",
    rule: "test",
    value: null,
    unit: "1",
    since: at,
    at,
    message: `this is a test of the channel "${channel}": it works`,
  };
}

const HEADLINES: Record<NotificationWhat, string> = {
  raised: "",
  repeated: "still: ",
  flapping: "flapping: ",
  cleared: "over: ",
  test: "test: ",
};

/** One line: `critical: over: temperature above 30 °C (greenhouse)`. */
export function titleOf(notification: Notification): string {
  const { what, severity, message, node } = notification;
  if (what === "test") return "Fieldmesh test";
  return `${what === "cleared" ? "" : `${severity}: `}${HEADLINES[what]}${message} (${node})`;
}

/** Some lines of plain text with what a person needs. */
export function bodyOf(notification: Notification, link: string | undefined): string {
  const { domain, node, sensor, rule, value, unit, what } = notification;
  const label = unit === "1" ? "" : ` ${unitLabel(unit)}`;
  const lines = [
    `${HEADLINES[what]}${notification.message}`,
    ...(what === "test" ? [] : [`${domain} / ${node} / ${sensor}, rule ${rule}`]),
    ...(value === null ? [] : [`value: ${String(value)}${label}`]),
    `since: ${new Date(notification.since).toISOString()}`,
    ...(what === "flapping"
      ? ["It changes too often to be told each time; it is told again when it stays."]
      : []),
    ...(link === undefined ? [] : [link]),
  ];
  return lines.join("\n");
}

/** The worst severity among them. */
export function worstOf(notifications: readonly Notification[]): Severity {
  const ranks = notifications.map(({ severity }) => severityRank(severity));
  return SEVERITIES[Math.max(...ranks)] ?? "info";
}

/** One line for several: `warning: 7 alarms, 2 over`, by the worst of those that stand. */
export function groupTitleOf(notifications: readonly Notification[]): string {
  const standing = notifications.filter(({ what }) => what !== "cleared");
  const over = notifications.length - standing.length;
  if (standing.length === 0) return `${over} alarms over`;
  const alarms = `${standing.length} ${standing.length === 1 ? "alarm" : "alarms"}`;
  return `${worstOf(standing)}: ${alarms}${over === 0 ? "" : `, ${over} over`}`;
}

/** A line for each. */
export function groupBodyOf(notifications: readonly Notification[], link: string | undefined): string {
  return [...notifications.map(titleOf), ...(link === undefined ? [] : [link])].join("\n");
}

function plain(text: string): string {
  // Control characters would break header lines and terminals.
  const clean = text.replace(/\p{Cc}+/gu, " ").trim();
  return clean.length > MAX_MESSAGE ? `${clean.slice(0, MAX_MESSAGE - 1)}…` : clean;
}
