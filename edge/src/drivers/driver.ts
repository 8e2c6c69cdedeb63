import type { Quality, Simulation } from "@fieldmesh/protocol";
import type { z } from "zod";
import type { Clock } from "../clock.js";
import type { Fields } from "../config/fields.js";
import type { Range, SensorConfig, ValueType } from "../config/types.js";

/** What a driver has to say of one read, before scale, offset, range and rules. */
export interface Sample {
  /** `null` only with quality "bad". */
  value: number | boolean | null;
  quality?: Quality;
  reason?: string;
  /**
   * When the sensor was read, where the driver knows better than the worker's clock; ms since the epoch. Rules
   * that look back (`rate`, `stuck`) then do so in this time.
   */
  timestamp?: number;
}

/** A sensor that is open. */
export interface Driver {
  /**
   * Reads once. Resolves with `undefined` when there is nothing new, as for a driver that hands its samples to
   * `emit`; rejects when the read failed, and the message becomes the reason of a bad reading. An abort of the
   * signal ends it within a second, whatever the sensor does.
   */
  read(signal: AbortSignal): Promise<Sample | undefined>;
  /** The newest sample again, for drivers whose `read` may have nothing new: what `read-now` answers with. */
  latest?(): Sample | undefined;
  /** How long a read may take, in ms, where the 30 s of the worker are not right. */
  readonly readLimitMs?: number;
  /** Brings a fault about, or ends it ("reset"). Only simulated sensors have it. */
  simulate?(fault: Simulation): void;
  /** Releases everything. After it nothing is emitted. */
  close(): Promise<void>;
}

/** How the node reaches its own broker, for a driver that listens there as well. */
export interface OwnBroker {
  /** Several with commas are tried in turn. */
  url: string;
  username?: string | undefined;
  password?: string | undefined;
  /** PEM file. */
  ca?: string | undefined;
}

/** What a driver may know of its sensor and use of its worker. */
export interface DriverContext {
  domain: string;
  node: string;
  sensor: Pick<SensorConfig, "id" | "type" | "valueType" | "unit" | "intervalMs">;
  clock: Clock;
  /** Only a driver that said `needsBroker` is told. */
  broker?: OwnBroker | undefined;
  /** Hands over a sample that came by itself: a message, a row that is due. */
  emit(sample: Sample): void;
  /**
   * Told the process group of a program while it runs, and 0 when it has ended: the node ends what a worker that
   * hangs, or is ended, leaves behind.
   */
  onProgram?: (group: number) => void;
}

/** What a driver knows of a sensor that the configuration leaves out. */
export interface SensorDefaults {
  label?: string;
  unit?: string;
  valueType?: ValueType;
  range?: Range;
  intervalMs?: number;
  maxSilenceMs?: number;
}

/** The validator, handed in: a worker opens drivers without loading it. */
export type Zod = typeof z;

/** One kind of sensor. Each file in this folder that `registry.ts` names exports one as `driver`. */
export interface DriverModule<Options extends Record<string, unknown>> {
  /** The options as they stand in the configuration. Also a part of the published JSON Schema. */
  options(z: Zod, fields: Fields): z.ZodObject;
  /** Throws an OptionError when options and sensor do not go together. */
  defaults?(options: Options, sensor: { id: string; type: string }): SensorDefaults;
  /** Whether this machine has the thing at all; asked of sensors marked `optional`. Default: it has. */
  isAvailable?(options: Options, sensor: { id: string; type: string }): Promise<boolean>;
  /** Whether it needs the node's own broker, and so its password. Default: it does not. */
  needsBroker?(options: Options): boolean;
  /**
   * Opens the sensor. Must not wait for a device or server that may be away: `read` tells of that. What it
   * rejects with becomes the reason of a bad reading, and it is tried again at the next tick.
   */
  open(options: Options, context: DriverContext): Promise<Driver>;
}

/** The sensor cannot be read. The message says what was tried and what came of it. */
export class DriverError extends Error {
  readonly code = "driver";
  override name = "DriverError";
}

/** An option is well-formed and yet cannot be: a metric that the machine lacks, say. */
export class OptionError extends Error {
  readonly code = "driver-option";
  override name = "OptionError";
  readonly field: string;
  readonly value: unknown;
  readonly expected: string;

  constructor(field: string, value: unknown, expected: string) {
    super(`${field}: expected ${expected}`);
    this.field = field;
    this.value = value;
    this.expected = expected;
  }
}

/** What stands in a bad reading for something thrown: one line, at most 200 characters. */
export function reasonOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  const line = text.replace(/\s+/g, " ").trim();
  return line === "" ? "failed without a reason" : line.length > 200 ? `${line.slice(0, 197)}...` : line;
}
