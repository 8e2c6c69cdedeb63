import type { Birth, BirthSensor } from "@fieldmesh/protocol";
import type { Overrides } from "./commands/overrides.js";
import type { SensorConfig } from "./config/types.js";

/** What the birth says of one sensor, as it runs now. */
export function birthSensor(sensor: SensorConfig, overrides: Overrides): BirthSensor {
  const { id, label, type, valueType, unit, range, intervalMs, maxSilenceMs, deadband, driver, rules } =
    sensor;
  const changed = overrides.of(id);
  return {
    id,
    ...(label !== undefined && { label }),
    type,
    valueType,
    unit,
    ...(range !== undefined && { range }),
    intervalMs,
    ...(maxSilenceMs !== undefined && { maxSilenceMs }),
    driver: driver.kind,
    ...(deadband !== undefined && { deadband }),
    rules,
    ...(changed.length > 0 && { overrides: changed }),
  };
}

export function composeBirth(
  about: Omit<Birth, "sensors">,
  sensors: Iterable<SensorConfig>,
  overrides: Overrides,
): Birth {
  return { ...about, sensors: [...sensors].map((sensor) => birthSensor(sensor, overrides)) };
}
