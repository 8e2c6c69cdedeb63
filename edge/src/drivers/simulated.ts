import type { Simulation } from "@fieldmesh/protocol";
import type { Fields } from "../config/fields.js";
import type { SensorConfig } from "../config/types.js";
import {
  type Driver,
  type DriverContext,
  DriverError,
  type DriverModule,
  type Sample,
  type SensorDefaults,
  type Zod,
} from "./driver.js";
import { gaussian, seedOf, uniform, wander } from "./noise.js";

/** What a type of sensor shows when nobody says otherwise: a greenhouse in which nothing is wrong. */
interface Profile {
  mean: number;
  swing: number;
  wander: number;
  noise: number;
  resolution: number;
}
const PROFILES: Readonly<Record<string, Profile>> = {
  temperature: { mean: 22.5, swing: 3, wander: 1, noise: 0.05, resolution: 0.01 },
  humidity: { mean: 60, swing: 8, wander: 3, noise: 0.2, resolution: 0.1 },
  light: { mean: 480, swing: 220, wander: 60, noise: 3, resolution: 1 },
  airquality: { mean: 620, swing: 90, wander: 60, noise: 4, resolution: 1 },
};
const PLAIN: Profile = { mean: 50, swing: 10, wander: 5, noise: 0.5, resolution: 0.01 };

/** Which fault shows on which type of sensor, and the level that it drives the value to. */
const LEVELS: Readonly<Record<string, Partial<Record<Simulation, number>>>> = {
  temperature: { overheat: 38 },
  light: { lowlight: 20 },
  airquality: { poorair: 1_800 },
};
/** A simulated fault comes and goes with this time constant: visible at once, and not a jump. */
const FAULT_TIME_MS = 2_000;
const WANDER_MS = 90_000;
const DRIFT_PERIOD_MS = 7 * 86_400_000; // as if recalibrated weekly
const STUCK_SLOT_MS = 300_000; // a simulated sensor that sticks does so for five minutes

/** Channels of the noise, so that no two uses of it are related. `gaussian` takes two. */
const CHANNEL = { noise: 0, wander: 2, dropout: 3, spike: 4, spikeSign: 5, stuck: 6, opens: 7 } as const;

function options(z: Zod, fields: Fields) {
  const probability = z.number().min(0).max(1).default(0);
  return z.strictObject({
    seed: z.int().min(0).optional().meta({ description: "Default: made from domain, node and sensor." }),
    mean: z.number().optional().meta({ description: "Mean of the daily cycle." }),
    swing: z.number().min(0).optional().meta({ description: "How far the cycle goes from the mean." }),
    period: fields.duration(1_000).default(86_400_000).meta({ description: "Length of the cycle." }),
    peak: fields
      .duration(0)
      .default(50_400_000)
      .meta({ description: "When in the cycle it is highest. Default 14h (UTC, with the default period)." }),
    wander: z.number().min(0).optional().meta({ description: "How far it wanders within minutes." }),
    noise: z.number().min(0).optional().meta({ description: "Standard deviation of each reading." }),
    drift: z.number().default(0).meta({ description: "Units per day; begins anew each week." }),
    resolution: z.number().positive().optional().meta({ description: "Values are rounded to this step." }),
    dropout: probability.meta({ description: "Probability that a read fails." }),
    spike: probability.meta({ description: "Probability that a reading is far off." }),
    spikeSize: z.number().optional().meta({ description: "How far off. Default: 20 times the noise." }),
    stuck: probability.meta({ description: "Probability, for each five minutes, that the value freezes." }),
    simulate: z
      .strictObject({
        overheat: z.number().optional(),
        lowlight: z.number().optional(),
        poorair: z.number().optional(),
      })
      .default({})
      .meta({ description: "The value that a simulated fault drives this sensor to." }),
    opens: fields
      .duration(1_000)
      .default(300_000)
      .meta({ description: "Booleans: it becomes true about once in this time." }),
    openFor: fields.duration(100).default(20_000).meta({ description: "Booleans: and stays so this long." }),
  });
}

type Options = ReturnType<typeof options>["_zod"]["output"];

function defaults(_options: Options, sensor: { type: string }): SensorDefaults {
  const profile = PROFILES[sensor.type];
  return profile === undefined ? {} : { intervalMs: 1_000 };
}

/** The level that a fault drives this sensor to; `undefined` when it does not show on it. */
function levelOf(type: string, options: Pick<Options, "simulate">, fault: Simulation): number | undefined {
  return fault === "reset" ? undefined : (options.simulate[fault] ?? LEVELS[type]?.[fault]);
}

/** Whether `simulate` with this fault changes anything here. "reset" concerns all that can show some fault. */
export function respondsTo(
  { type, valueType, driver: { kind, options } }: Pick<SensorConfig, "type" | "valueType" | "driver">,
  fault: Simulation,
): boolean {
  if (kind !== "simulated" || valueType !== "number") return false;
  const chosen = options as Options;
  if (fault === "reset") return Object.keys({ ...LEVELS[type], ...chosen.simulate }).length > 0;
  return levelOf(type, chosen, fault) !== undefined;
}

/** The value at a time, faults by command left out: a pure function of options, seed and time. */
export function simulatedValue(options: Options, profile: Profile, seed: number, atMs: number): number {
  const stuckSlot = Math.floor(atMs / STUCK_SLOT_MS);
  const stuck = uniform(seed, CHANNEL.stuck, stuckSlot) < options.stuck;
  const t = stuck ? stuckSlot * STUCK_SLOT_MS : atMs;
  const cycle = Math.cos((2 * Math.PI * (t - options.peak)) / options.period);
  const noise = options.noise ?? profile.noise;
  let value =
    (options.mean ?? profile.mean) +
    (options.swing ?? profile.swing) * cycle +
    (options.wander ?? profile.wander) * wander(seed, CHANNEL.wander, t, WANDER_MS) +
    noise * gaussian(seed, CHANNEL.noise, t) +
    (options.drift * (t % DRIFT_PERIOD_MS)) / 86_400_000;
  if (uniform(seed, CHANNEL.spike, t) < options.spike) {
    const sign = uniform(seed, CHANNEL.spikeSign, t) < 0.5 ? -1 : 1;
    value += sign * (options.spikeSize ?? 20 * Math.max(noise, profile.noise));
  }
  return value;
}

/** A state at a time: true for `openFor` at some moment of each stretch of `opens`. */
export function simulatedState(options: Options, seed: number, atMs: number): boolean {
  const slot = Math.floor(atMs / options.opens);
  const spare = Math.max(0, options.opens - options.openFor);
  const from = slot * options.opens + uniform(seed, CHANNEL.opens, slot) * spare;
  return atMs >= from && atMs < from + options.openFor;
}

function open(options: Options, context: DriverContext): Promise<Driver> {
  const { sensor } = context;
  const seed = options.seed ?? seedOf(`${context.domain}/${context.node}/${sensor.id}`);
  const profile = PROFILES[sensor.type] ?? PLAIN;
  const resolution = options.resolution ?? profile.resolution;
  const decimals = Math.max(0, Math.ceil(-Math.log10(resolution)));
  /** The fault by command: its level, and how much of it shows, from `part` at `since` to `target`. */
  let fault = { level: 0, part: 0, target: 0, since: 0 };

  function partAt(atMs: number): number {
    const passed = Math.max(0, atMs - fault.since);
    return fault.target + (fault.part - fault.target) * Math.exp(-passed / FAULT_TIME_MS);
  }

  function sample(atMs: number): Sample {
    if (uniform(seed, CHANNEL.dropout, atMs) < options.dropout) throw new DriverError("simulated dropout");
    if (sensor.valueType === "boolean") return { value: simulatedState(options, seed, atMs) };
    const part = partAt(atMs);
    const plain = simulatedValue(options, profile, seed, atMs);
    // The level takes the place of the cycle; the noise stays.
    const noise = (options.noise ?? profile.noise) * gaussian(seed, CHANNEL.noise, atMs);
    const value = part < 1e-4 ? plain : plain + part * (fault.level + noise - plain);
    return { value: Number((Math.round(value / resolution) * resolution).toFixed(decimals)) };
  }

  return Promise.resolve({
    async read(signal) {
      signal.throwIfAborted();
      return await Promise.resolve(sample(context.clock.now()));
    },
    simulate(kind) {
      const now = context.clock.now();
      const level = levelOf(sensor.type, options, kind);
      if (kind !== "reset" && level === undefined) return;
      fault = {
        level: level ?? fault.level,
        part: partAt(now),
        target: level === undefined ? 0 : 1,
        since: now,
      };
    },
    close: () => Promise.resolve(),
  });
}

export const driver: DriverModule<Options> = { options, defaults, open };
