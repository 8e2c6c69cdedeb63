/** A number and its unit are not torn apart at the end of a line. */
const NO_BREAK = "\u00a0";

/** How a value of a SenML unit (RFC 8428) is written for people. */
interface Style {
  /** "" for none. */
  label: string;
  /** Digits behind the point; absent: by the size of the value. */
  digits?: number;
  /** Decimal prefixes k, M, G, T in front of the label. */
  prefixes?: true;
  /** What the wire's value is multiplied by. */
  scale?: number;
}

const STYLES: Record<string, Style> = {
  Cel: { label: "°C", digits: 1 },
  K: { label: "K", digits: 1 },
  "%RH": { label: "%", digits: 1 },
  "%": { label: "%", digits: 1 },
  "%EL": { label: "%", digits: 0 },
  "/": { label: "%", digits: 1, scale: 100 },
  lx: { label: "lx", digits: 0 },
  ppm: { label: "ppm", digits: 0 },
  ppb: { label: "ppb", digits: 0 },
  B: { label: "B", prefixes: true },
  "B/s": { label: "B/s", prefixes: true },
  "bit/s": { label: "bit/s", prefixes: true },
  Hz: { label: "Hz", prefixes: true },
  W: { label: "W", prefixes: true },
  Wh: { label: "Wh", prefixes: true },
  "m/s": { label: "m/s", digits: 1 },
  hPa: { label: "hPa", digits: 1 },
  "1": { label: "" },
};

const PREFIXES = ["", "k", "M", "G", "T", "P"];

const formats = new Map<string, Intl.NumberFormat>();
function numberText(value: number, least: number, most: number): string {
  const key = `${least} ${most}`;
  let format = formats.get(key);
  if (format === undefined) {
    format = new Intl.NumberFormat(undefined, { minimumFractionDigits: least, maximumFractionDigits: most });
    formats.set(key, format);
  }
  // Minus zero would flicker between "0" and "-0".
  const text = format.format(value === 0 ? 0 : value);
  return /[1-9]/.test(text) ? text : format.format(0);
}

/** Three significant digits, and never an exponent: 0.0312, 3.12, 31.2, 312, 3,120. */
function digitsBySize(value: number): number {
  // Rounded first: 0.9996 is written as 1.00.
  const size = Math.abs(Number(value.toPrecision(3)));
  if (size === 0 || size >= 100) return 0;
  if (size >= 10) return 1;
  if (size >= 1) return 2;
  return Math.min(6, 2 - Math.floor(Math.log10(size)));
}

export interface Shown {
  value: string;
  /** "" for none. */
  unit: string;
}

/**
 * How exactly a value is written: `steady` with a fixed number of digits, so that a changing figure does not
 * jump; `fine` with one more; `round` without zeros at the end, for limits and axes.
 */
export type Precision = "steady" | "fine" | "round";

/** Number and unit apart, for large figures. */
export function showValue(value: number, unit: string, precision: Precision = "steady"): Shown {
  const style = STYLES[unit] ?? { label: unit };
  let scaled = value * (style.scale ?? 1);
  let { label } = style;
  if (style.prefixes) {
    let step = 0;
    while (Math.abs(scaled) >= 999.5 && step < PREFIXES.length - 1) {
      scaled /= 1000;
      step += 1;
    }
    label = `${PREFIXES[step] ?? ""}${label}`;
    if (step === 0) {
      const digits = Number.isInteger(scaled) || precision === "steady" ? 0 : 1;
      return { value: numberText(scaled, digits, digits), unit: label };
    }
  }
  let digits = style.digits ?? (Number.isInteger(scaled) && !style.prefixes ? 0 : digitsBySize(scaled));
  // A fixed number of digits would write 0.004 °C as 0.0.
  if (style.digits !== undefined && scaled !== 0 && Math.abs(scaled) < 0.5 * 10 ** -digits) digits += 2;
  // A limit of 30.25 is written in full, one of 30 without a point.
  if (precision === "round") return { value: numberText(scaled, 0, digits + 2), unit: label };
  if (precision === "fine") digits += 1;
  return { value: numberText(scaled, digits, digits), unit: label };
}

export type ValueType = "number" | "boolean";

const STATES: Record<string, [off: string, on: string]> = {
  door: ["closed", "open"],
  window: ["closed", "open"],
  contact: ["closed", "open"],
  leak: ["dry", "leak"],
  water: ["dry", "leak"],
  motion: ["still", "motion"],
  occupancy: ["empty", "occupied"],
  smoke: ["clear", "smoke"],
};

/** What a sensor measures, as far as its values' wording goes. */
export interface Measured {
  type: string;
  unit: string;
  valueType?: ValueType;
}

/** The value in words and unit: `23.4 °C`, `1.2 GB`, `open`. */
export function valueText(
  value: number | boolean | null,
  sensor: Measured,
  precision: Precision = "steady",
): string {
  if (value === null || (typeof value === "number" && Number.isNaN(value))) return "no value";
  const shown = valueParts(value, sensor, precision);
  return shown.unit === "" ? shown.value : `${shown.value}${NO_BREAK}${shown.unit}`;
}

/** As {@link valueText}, number and unit apart. */
export function valueParts(
  value: number | boolean,
  sensor: Measured,
  precision: Precision = "steady",
): Shown {
  if (typeof value === "boolean" || sensor.valueType === "boolean") {
    const [off, on] = STATES[sensor.type] ?? ["off", "on"];
    return { value: Number(value) > 0 ? on : off, unit: "" };
  }
  return showValue(value, sensor.unit, precision);
}

/** Unit of a plain number field: the wire's own unit, as people write it. */
export function inputUnit(unit: string): string {
  const style = STYLES[unit];
  if (style === undefined) return unit;
  return style.scale === undefined ? style.label : "";
}
