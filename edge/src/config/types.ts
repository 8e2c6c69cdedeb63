import type { Rule } from "@fieldmesh/protocol";

/** What a sensor measures: a number, or a state such as a door's. */
export type ValueType = "number" | "boolean";

/** Declared bounds of a sensor, after offset and scale; a value outside is a bad reading, "out of range". */
export interface Range {
  min?: number;
  max?: number;
}

/** Which driver reads the sensor, and the options that the driver's own schema has checked. */
export interface DriverConfig {
  /** Name in the registry: `host`, `simulated`, `replay`, `mqtt`, `exec`, `http`, `w1`. */
  kind: string;
  /** Plain data (it crosses to the worker); secrets are references to a file or a variable, never values. */
  options: Readonly<Record<string, unknown>>;
  /** It reads from the node's own broker. */
  needsBroker?: boolean;
}

/** One sensor with every default filled in. Plain data: it is handed to the sensor's worker as it is. */
export interface SensorConfig {
  id: string;
  label?: string;
  /** What is measured: `temperature`, `cpu`… */
  type: string;
  valueType: ValueType;
  /** SenML (RFC 8428); "1" for booleans. */
  unit: string;
  range?: Range;
  /** Time from one read to the next. Drivers that are pushed to (`mqtt`, `replay`) look for silence this often. */
  intervalMs: number;
  /** With a deadband, or a driver that is pushed to: a reading, good or bad, comes at least this often. */
  maxSilenceMs?: number;
  /** A change of at most this much is not worth a reading. 0: only changes are sent. */
  deadband?: number;
  /** value = raw * scale + offset. */
  scale: number;
  offset: number;
  qos: 0 | 1;
  driver: DriverConfig;
  rules: Rule[];
}

/** Bounds of the node's log on disk. */
export interface LogConfig {
  /** What the broker has not acknowledged is kept up to this much and this long. */
  heldBytes: number;
  heldMs: number;
  /** What it has acknowledged is kept for `resend` up to this much and this long. */
  replayBytes: number;
  replayMs: number;
  /** The log is written at least this often: what a kill of the node can lose. */
  writeEveryMs: number;
  /** …and flushed to the medium at most this often: what a loss of power can lose. */
  flushEveryMs: number;
}

/** An edge node with every default filled in. */
export interface NodeConfig {
  /** Absent: the node takes its name from its identity slot. */
  node?: string;
  domain: string;
  label?: string;
  sensors: SensorConfig[];
  log: LogConfig;
  /** Held readings are sent after a reconnect at no more than this many a second. */
  backfillPerSecond: number;
}
