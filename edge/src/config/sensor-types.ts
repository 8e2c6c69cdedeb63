import type { Rule } from "@fieldmesh/protocol";
import type { SensorDefaults } from "../drivers/driver.js";

/** What a type of sensor has when its configuration says nothing of it. */
interface TypeDefaults extends Pick<SensorDefaults, "unit" | "valueType"> {
  rules?: readonly Rule[];
}

const HELD = { forMs: 2_000, clearForMs: 2_000, severity: "warning" } as const;
const STATE: TypeDefaults = { unit: "1", valueType: "boolean" };

/** By type. The limits of the classic four are those of the greenhouse that they come from. */
const TYPES: ReadonlyMap<string, TypeDefaults> = new Map<string, TypeDefaults>([
  [
    "temperature",
    {
      unit: "Cel",
      rules: [
        { id: "too-hot", kind: "above", limit: 30, clear: 29, ...HELD },
        { id: "too-cold", kind: "below", limit: 15, clear: 16, ...HELD },
      ],
    },
  ],
  [
    "humidity",
    {
      unit: "%RH",
      rules: [
        { id: "too-humid", kind: "above", limit: 80, clear: 77, ...HELD },
        { id: "too-dry", kind: "below", limit: 40, clear: 43, ...HELD },
      ],
    },
  ],
  ["light", { unit: "lx", rules: [{ id: "too-dark", kind: "below", limit: 100, clear: 120, ...HELD }] }],
  [
    "airquality",
    { unit: "ppm", rules: [{ id: "poor-air", kind: "above", limit: 1_000, clear: 950, ...HELD }] },
  ],
  ["pressure", { unit: "hPa" }],
  ["power", { unit: "W" }],
  ["energy", { unit: "kWh" }],
  ["voltage", { unit: "V" }],
  ["current", { unit: "A" }],
  ["battery", { unit: "%EL" }],
  ["soil-moisture", { unit: "%" }],
  ["co2", { unit: "ppm" }],
  ["pm25", { unit: "ug/m3" }],
  ...["door", "window", "contact", "leak", "motion", "occupancy", "presence", "smoke", "switch"].map(
    (type): [string, TypeDefaults] => [type, STATE],
  ),
]);

export function typeDefaults(type: string): TypeDefaults {
  return TYPES.get(type) ?? {};
}
