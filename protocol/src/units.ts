/** SenML units (RFC 8428, section 12.1, and RFC 8798) whose written form differs from their name. */
const LABELS: ReadonlyMap<string, string> = new Map([
  ["Cel", "°C"],
  ["%RH", "%"],
  ["%EL", "%"],
  ["1", ""],
  ["/", ""],
  ["deg", "°"],
  ["Ohm", "Ω"],
  ["m2", "m²"],
  ["m3", "m³"],
  ["m/s2", "m/s²"],
  ["m3/s", "m³/s"],
  ["W/m2", "W/m²"],
  ["kg/m3", "kg/m³"],
  ["ug/m3", "µg/m³"],
  ["us", "µs"],
  ["B/s", "B/s"],
]);

/** A unit as people write it: `Cel` → °C, `%RH` → %, `1` → nothing. Unknown units stay as they are. */
export function unitLabel(unit: string): string {
  return LABELS.get(unit) ?? unit;
}

const CLASSIC: ReadonlyMap<string, string> = new Map([
  ["temperature", "Cel"],
  ["humidity", "%RH"],
  ["light", "lx"],
  ["airquality", "ppm"],
  ["air-quality", "ppm"],
]);

/** The unit of a sensor that names none: that of the classic four by its name, else `1`. */
export function classicUnit(sensor: string): string {
  return CLASSIC.get(sensor) ?? "1";
}
