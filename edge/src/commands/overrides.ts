import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { type BirthSensor, parseRule, type Rule } from "@fieldmesh/protocol";
import { checkFormat, type Log, writeFileAtomic } from "@fieldmesh/runtime";
import type { SensorConfig } from "../config/types.js";

const OVERRIDES_FILE = "overrides.json";
const OVERRIDES_FORMAT = 1;

/** A setting changed by command, beside the configured value that it replaced. */
export interface Override {
  sensor: string;
  /** `intervalMs`, or `rules.<id>`. */
  setting: string;
  configured: unknown;
  value: unknown;
  at: number;
  by: string;
}

/** Settings changed by command: kept over a restart, until the file says something else of the same setting. */
export class Overrides {
  readonly #path: string;
  readonly #log: Log;
  readonly #kept = new Map<string, Override>();
  #writing: Promise<void> = Promise.resolve();

  private constructor(folder: string, log: Log) {
    this.#path = join(folder, OVERRIDES_FILE);
    this.#log = log;
  }

  /** @throws FormatVersionError for the file of a later version. */
  static async open(folder: string, log: Log): Promise<Overrides> {
    const overrides = new Overrides(folder, log);
    for (const override of await readOverrides(overrides.#path, log)) {
      overrides.#kept.set(idOf(override), override);
    }
    return overrides;
  }

  /** Puts the kept settings into the configured sensors. Those whose configured value has changed lapse. */
  apply(sensors: readonly SensorConfig[]): SensorConfig[] {
    const applied = new Map(sensors.map((sensor) => [sensor.id, sensor]));
    for (const [id, override] of this.#kept) {
      const sensor = applied.get(override.sensor);
      const changed = sensor && applyOne(sensor, override);
      if (changed === undefined) {
        const { sensor: name, setting, value, by } = override;
        this.#log.warn(
          { sensor: name, setting, value, by },
          "a setting made by command lapses: the configuration has changed it since",
        );
        this.#kept.delete(id);
        this.#write();
      } else applied.set(changed.id, changed);
    }
    return [...applied.values()];
  }

  /** Keeps a new value. Going back to the configured one ends the override. */
  set(override: Override): void {
    const former = this.#kept.get(idOf(override));
    const kept = { ...override, configured: former?.configured ?? override.configured };
    if (isDeepStrictEqual(kept.configured, kept.value)) this.#kept.delete(idOf(kept));
    else this.#kept.set(idOf(kept), kept);
    this.#write();
  }

  /** For the birth. */
  of(sensor: string): NonNullable<BirthSensor["overrides"]> {
    return [...this.#kept.values()]
      .filter((override) => override.sensor === sensor)
      .map(({ setting, configured, value, at, by }) => ({ setting, configured, value, at, by }));
  }

  /** Resolves when all is on disk. */
  async close(): Promise<void> {
    await this.#writing;
  }

  #write(): void {
    this.#writing = this.#writing.then(async () => {
      const content = JSON.stringify(
        { format: OVERRIDES_FORMAT, overrides: [...this.#kept.values()] },
        null,
        2,
      );
      try {
        await writeFileAtomic(this.#path, `${content}\n`, 0o600);
      } catch (error) {
        this.#log.error({ err: error, path: this.#path }, "settings made by command could not be kept");
      }
    });
  }
}

function idOf({ sensor, setting }: Override): string {
  return `${sensor}/${setting}`;
}

/** The sensor with the override in it, or undefined when its configured value is another now. */
function applyOne(sensor: SensorConfig, override: Override): SensorConfig | undefined {
  if (override.setting === "intervalMs") {
    if (sensor.intervalMs !== override.configured || typeof override.value !== "number") return undefined;
    return { ...sensor, intervalMs: override.value };
  }
  const configured = sensor.rules.find((rule) => `rules.${rule.id}` === override.setting);
  if (configured === undefined || !sameRule(configured, override.configured)) return undefined;
  const value = parseRule(override.value);
  if (!value.ok) return undefined;
  return {
    ...sensor,
    rules: sensor.rules.map((rule) => (rule === configured ? value.value : rule)),
  };
}

function sameRule(rule: Rule, kept: unknown): boolean {
  return isDeepStrictEqual(JSON.parse(JSON.stringify(rule)), kept);
}

async function readOverrides(path: string, log: Log): Promise<Override[]> {
  let content: string;
  try {
    content = await readFile(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
  try {
    const kept = JSON.parse(content) as { format?: unknown; overrides?: Override[] };
    checkFormat(path, kept.format, OVERRIDES_FORMAT);
    return Array.isArray(kept.overrides) ? kept.overrides : [];
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    log.error({ path }, "not JSON: settings made by command are lost, the configured ones hold");
    return [];
  }
}
