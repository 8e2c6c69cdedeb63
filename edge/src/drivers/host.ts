import { statfs } from "node:fs/promises";
import { loadavg } from "node:os";
import type { Range } from "../config/types.js";
import { oneAtATime } from "./abortable.js";
import {
  type Driver,
  type DriverContext,
  DriverError,
  type DriverModule,
  OptionError,
  type SensorDefaults,
  type Zod,
} from "./driver.js";

type SystemInformation = typeof import("systeminformation");

/** One figure of this machine. `open` returns what reads it: `null` when there is nothing yet. */
interface Metric extends Required<Pick<SensorDefaults, "unit" | "intervalMs">> {
  label: string;
  range?: Range;
  open(si: SystemInformation, options: Options): Promise<() => Promise<number | null>>;
}

const PERCENT: Pick<Metric, "unit" | "range"> = { unit: "%", range: { min: 0, max: 100 } };

const METRICS: Readonly<Record<string, Metric>> = {
  cpu: {
    ...PERCENT,
    label: "CPU",
    intervalMs: 2_000,
    open: async (si) => {
      await si.currentLoad(); // the load is that since the call before: this is the call before the first
      return async () => (await si.currentLoad()).currentLoad;
    },
  },
  load: {
    unit: "1",
    label: "load average (1 min)",
    intervalMs: 5_000,
    open: () => Promise.resolve(() => Promise.resolve(loadavg()[0] ?? null)),
  },
  memory: {
    ...PERCENT,
    label: "memory in use",
    intervalMs: 2_000,
    open: (si) =>
      Promise.resolve(async () => {
        const { total, available } = await si.mem();
        return percent(total - available, total);
      }),
  },
  swap: {
    ...PERCENT,
    label: "swap in use",
    intervalMs: 10_000,
    open: (si) =>
      Promise.resolve(async () => {
        const { swapused, swaptotal } = await si.mem();
        if (swaptotal === 0) throw new DriverError("this machine has no swap");
        return percent(swapused, swaptotal);
      }),
  },
  disk: {
    ...PERCENT,
    label: "disk in use",
    intervalMs: 10_000,
    open: (_si, { path = "/" }) =>
      Promise.resolve(async () => {
        // As `df` counts: what is reserved for root is neither in use nor to be had.
        const { blocks, bfree, bavail } = await statfs(path);
        return percent(blocks - bfree, blocks - bfree + bavail);
      }),
  },
  "network-rx": network("network in", (stats) => stats.rx_sec),
  "network-tx": network("network out", (stats) => stats.tx_sec),
  "cpu-temperature": {
    unit: "Cel",
    label: "CPU temperature",
    intervalMs: 5_000,
    open: (si) =>
      Promise.resolve(async () => {
        // The library's types promise a number; it gives null where there is no sensor.
        const celsius = (await si.cpuTemperature()).main as number | null;
        if (celsius === null) throw new DriverError("this machine shows no CPU temperature");
        return celsius;
      }),
  },
};

type InterfaceStats = Awaited<ReturnType<SystemInformation["networkStats"]>>[number];

/** Bytes a second through the interface of the default route, or the one that is named. */
function network(label: string, rate: (stats: InterfaceStats) => number | null): Metric {
  return {
    unit: "B/s",
    label,
    range: { min: 0 },
    intervalMs: 2_000,
    open: async (si, options) => {
      const name = options.interface ?? (await si.networkInterfaceDefault());
      if (name === "") throw new DriverError("this machine has no default route: name an interface");
      await si.networkStats(name);
      return async () => {
        const stats = (await si.networkStats(name)).find(({ iface }) => iface === name);
        // Of an interface that is not there the library tells nothing, in this form.
        const isThere = stats !== undefined && (stats.rx_bytes > 0 || stats.operstate !== "unknown");
        if (!isThere) throw new DriverError(`there is no network interface ${JSON.stringify(name)}`);
        return rate(stats); // null until two counts lie apart
      };
    },
  };
}

function percent(part: number, whole: number): number {
  return whole === 0 ? 0 : Number(((100 * part) / whole).toFixed(1));
}

function options(z: Zod) {
  return z.strictObject({
    metric: z
      .string("the name of a figure")
      .optional()
      .meta({
        description: "Which figure of this machine. Default: the sensor's type or id.",
        examples: Object.keys(METRICS),
      }),
    path: z.string("a path").min(1).optional().meta({ description: "disk: a path on it. Default: /" }),
    interface: z
      .string("an interface, as eth0")
      .regex(/^[\w.@:-]{1,32}$/, "an interface, as eth0")
      .optional()
      .meta({ description: "network: which one. Default: that of the default route." }),
  });
}

interface Options extends Record<string, unknown> {
  metric?: string;
  path?: string;
  interface?: string;
}

function metricOf(chosen: Options, type: string): Metric {
  const name = chosen.metric ?? type;
  const metric = Object.hasOwn(METRICS, name) ? METRICS[name] : undefined;
  if (metric === undefined) {
    throw new OptionError("metric", name, `one of ${Object.keys(METRICS).join(", ")}`);
  }
  return metric;
}

function defaults(chosen: Options, { type }: { type: string }): SensorDefaults {
  const { unit, range, label, intervalMs } = metricOf(chosen, type);
  return { unit, label, intervalMs, ...(range && { range }) };
}

async function isAvailable(chosen: Options, { type }: { type: string }): Promise<boolean> {
  const metric = metricOf(chosen, type);
  try {
    const read = await metric.open(await import("systeminformation"), chosen);
    await read();
    return true;
  } catch {
    return false; // whatever keeps it from being read is why it is left out
  }
}

async function open(chosen: Options, context: DriverContext): Promise<Driver> {
  const metric = metricOf(chosen, context.sensor.type);
  const read = oneAtATime(await metric.open(await import("systeminformation"), chosen));
  return {
    async read(signal) {
      const value = await read(signal);
      return value === null ? undefined : { value: Number(value.toFixed(2)) };
    },
    close: () => Promise.resolve(),
  };
}

export const driver: DriverModule<Options> = { options, defaults, isAvailable, open };
