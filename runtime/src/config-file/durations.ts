const UNIT_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};
const UNIT_BYTES: Readonly<Record<string, number>> = {
  B: 1,
  kB: 1_000,
  MB: 1_000_000,
  GB: 1_000_000_000,
  KiB: 1_024,
  MiB: 1_048_576,
  GiB: 1_073_741_824,
};

/** `500ms`, `2s`, `1.5m`, `1h`, `7d`. A bare number would leave the unit to guessing. */
export const DURATION = /^(\d+(?:\.\d+)?) ?(ms|s|m|h|d)$/;
/** `256MiB`, `64kB`, `512B`. */
export const SIZE = /^(\d+(?:\.\d+)?) ?(B|kB|MB|GB|KiB|MiB|GiB)$/;

function parse(pattern: RegExp, units: Readonly<Record<string, number>>, text: string): number | undefined {
  const match = pattern.exec(text);
  const unit = units[match?.[2] ?? ""];
  return match === null || unit === undefined ? undefined : Math.round(Number(match[1]) * unit);
}

/** A duration in ms; `undefined` when the text is none. */
export function parseDuration(text: string): number | undefined {
  return parse(DURATION, UNIT_MS, text);
}

/** A size in bytes; `undefined` when the text is none. */
export function parseSize(text: string): number | undefined {
  return parse(SIZE, UNIT_BYTES, text);
}

/** Writes ms as people do: `500 ms`, `2 s`, `1.5 min`, `3 h`, `7 d`. */
export function formatDuration(ms: number): string {
  const [unit, name] =
    ms < 1_000
      ? [1, "ms"]
      : ms < 60_000
        ? [1_000, "s"]
        : ms < 3_600_000
          ? [60_000, "min"]
          : ms < 86_400_000
            ? [3_600_000, "h"]
            : [86_400_000, "d"];
  return `${Number((ms / unit).toFixed(2))} ${name}`;
}
