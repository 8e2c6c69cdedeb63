/** The payloads of the wire as TypeScript types. Times are ms since the Unix epoch unless they say otherwise. */

/** `good` is written as absence. */
export type Quality = "uncertain" | "bad";

/** One reading, on `{domain}/{node}/{sensor}/raw`. (`boot`,`seq`) names it for ever. */
export interface Reading {
  node: string;
  sensor: string;
  /** `null` only with `quality: "bad"`. */
  value: number | boolean | null;
  /** SenML unit (RFC 8428): `Cel`, `%RH`, `lx`, `ppm`, `%`, `B`, `1`… */
  unit: string;
  /** When the sensor was read. */
  timestamp: number;
  /** Unix time in seconds, or greater: it grows with every start of the node. 0 for the older forms. */
  boot: number;
  /** Per sensor and boot, from 1 without holes. For the older forms the time in ms. */
  seq: number;
  quality?: Quality;
  /** Why the quality is not good. */
  reason?: string;
  /** It was held back, or is sent again. */
  backfill?: true;
}

export type AlarmState = "raised" | "cleared";
export const SEVERITIES = ["info", "warning", "critical"] as const;
export type Severity = (typeof SEVERITIES)[number];

/** A change of an alarm, on `{domain}/event/{node}/{sensor}/{rule}`; retained, the newest is the present state. */
export interface AlarmEvent {
  node: string;
  sensor: string;
  rule: string;
  state: AlarmState;
  severity: Severity;
  /** The value that raised or cleared it; `null` when it came about without one (`missing`). */
  value: number | boolean | null;
  /** The limit that was passed, where the rule has one. */
  limit?: number | boolean;
  unit: string;
  timestamp: number;
  /** Since when the condition held without a break. */
  since: number;
  boot: number;
  /** Counts this rule's events of this boot, from 1. */
  seq: number;
  message: string;
  backfill?: true;
}

interface RuleBase {
  id: string;
  severity: Severity;
  /** The condition must hold this long before the alarm is raised, in ms. */
  forMs?: number;
  /** …and be gone this long before it is cleared, in ms. */
  clearForMs?: number;
}

/**
 * A constraint on one sensor. Limits are in the sensor's unit, after offset and scale.
 * - `above`: raised when value > limit, cleared when value <= clear (default: limit).
 * - `below`: raised when value < limit, cleared when value >= clear (default: limit).
 * - `outside`: raised when value < low or > high, cleared within [clearLow, clearHigh] (default: low, high).
 * - `equals`: raised while value equals `value` (a door, a leak).
 * - `rate`: raised when the value changes faster than `limit` units per `perMs`, in either direction.
 * - `stuck`: raised when the value has not moved by more than `tolerance` (default 0) for `forMs`.
 * - `missing`: raised when no good reading came for `afterMs`.
 */
export type Rule =
  | (RuleBase & { kind: "above" | "below"; limit: number; clear?: number })
  | (RuleBase & { kind: "outside"; low: number; high: number; clearLow?: number; clearHigh?: number })
  | (RuleBase & { kind: "equals"; value: number | boolean })
  | (RuleBase & { kind: "rate"; limit: number; perMs: number })
  | (RuleBase & { kind: "stuck"; forMs: number; tolerance?: number })
  | (RuleBase & { kind: "missing"; afterMs: number });

export type RuleKind = Rule["kind"];

export interface BirthSensor {
  id: string;
  label?: string;
  /** What is measured: `temperature`, `humidity`, `light`, `airquality`, `cpu`… free, but a name. */
  type: string;
  /** Of the values: `boolean` sensors have unit "1". */
  valueType?: "number" | "boolean";
  unit: string;
  range?: { min?: number; max?: number };
  intervalMs: number;
  maxSilenceMs?: number;
  /** `simulated`, `host`, `replay`, `mqtt`, `exec`, `http`, `w1`… */
  driver: string;
  deadband?: number;
  rules: Rule[];
  /** Settings changed by command, beside the configured value that each replaced. */
  overrides?: { setting: string; configured: unknown; value: unknown; at: number; by: string }[];
}

/** What a node is and has, retained on `{domain}/{node}/birth`. */
export interface Birth {
  node: string;
  domain: string;
  boot: number;
  version: string;
  /** Host name of the machine it runs on. */
  host: string;
  label?: string;
  startedAt: number;
  sensors: BirthSensor[];
}

/** Retained on `{domain}/{node}/status`; the offline one is the node's will. */
export interface Status {
  state: "online" | "offline";
  boot: number;
  /** Grows by one at each CONNECT of a boot. */
  conn: number;
  timestamp: number;
  reason?: string;
}

/** Closed range of sequence numbers. */
export type SeqRange = readonly [from: number, to: number];
/** Closed range of sequence numbers that are gone, and why: `expired`, `full`, `disk`, `replaced`… */
export type LostRange = readonly [from: number, to: number, cause: string];

export type SensorState = "ok" | "failed" | "restarting";

/** What became of every reading of one sensor in one boot: `read = suppressed + lastSeq`. */
export interface SensorAccount {
  /** Times the sensor was read (or failed to be). */
  read: number;
  /** Readings that the deadband kept back. */
  suppressed: number;
  /** The newest sequence number given; 0 when none was. */
  lastSeq: number;
  /** Given, then lost at the node for good. */
  dropped: LostRange[];
  /** Given, and not yet acknowledged by the broker. */
  held: SeqRange[];
  /** The oldest sequence number that `resend` can still give. */
  keptFrom: number;
}

export interface SensorStats extends SensorAccount {
  /** Of those given, how many had quality `bad`. */
  bad: number;
  state: SensorState;
  /** Workers that were replaced since the node started. */
  restarts?: number;
  /** Why the state is not `ok`. */
  reason?: string;
}

/** Retained on `{domain}/{node}/stats`, every 10 s; cumulative for the boot. */
export interface Stats {
  boot: number;
  timestamp: number;
  sensors: Record<string, SensorStats>;
  log: { bytes: number; oldest: number | null };
  /** Earlier boots, for a day, or as long as anything of theirs is held. */
  previous: { boot: number; sensors: Record<string, SensorAccount> }[];
}

/** Retained on `mesh/ack/{domain}/{node}/{sensor}/{rule}`: holds for exactly the raise (`boot`,`seq`). */
export interface Ack {
  boot: number;
  seq: number;
  by: string;
  at: number;
  note?: string;
}

/** Kinds of fault that `simulate` brings about on simulated sensors; `reset` ends them. */
export const SIMULATIONS = ["overheat", "lowlight", "poorair", "reset"] as const;
export type Simulation = (typeof SIMULATIONS)[number];

/** Each command's arguments and result, by its name. */
export interface Commands {
  "set-interval": {
    args: { sensor: string; intervalMs: number };
    result: { intervalMs: number; replaced: number };
  };
  /** `set` names only what changes: `{limit: 31, clear: 29}`. */
  "set-rule": {
    args: { sensor: string; rule: string; set: Record<string, unknown> };
    result: { rule: Rule };
  };
  "read-now": { args: { sensor?: string }; result: { sensors: string[] } };
  simulate: { args: { type: Simulation; sensor?: string }; result: { sensors: string[] } };
  "restart-sensor": { args: { sensor: string }; result: { sensor: string } };
  resend: {
    args: { sensor: string; boot: number; from: number; to: number };
    result: { sent: number; held: SeqRange[]; gone: LostRange[] };
  };
  /** Offset and delay as NTP tells them apart: the asker knows when it sent and got the answer. */
  time: { args: Record<string, never>; result: { receivedAt: number; sentAt: number } };
}
export type CommandName = keyof Commands;
export const COMMAND_NAMES: readonly CommandName[] = [
  "set-interval",
  "set-rule",
  "read-now",
  "simulate",
  "restart-sensor",
  "resend",
  "time",
];

/** On `{domain}/{node}/cmd/{name}`. */
export interface Command {
  /** Chosen by the asker, comes back in the reply. */
  id: string;
  name: string;
  args: unknown;
  /** Who asks: a user, or a service. */
  by: string;
}

/** On `{domain}/{node}/cmd/{name}/reply`. */
export type Reply =
  | { id: string; ok: true; result: unknown }
  | { id: string; ok: false; error: { code: string; message: string; field?: string } };
