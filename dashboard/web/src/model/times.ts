// Around the clock in 24 hours everywhere: "PM" on every tick of an axis is noise.
const hourCycle = "h23";
const clock = new Intl.DateTimeFormat(undefined, {
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  hourCycle,
});
const clockShort = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", hourCycle });
const day = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short" });
const full = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium", hourCycle });

const MINUTE = 60_000; // ms
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** `12:03:04`; with the day in front when it is not today's. */
export function timeText(t: number, now: number): string {
  return sameDay(t, now) ? clock.format(t) : `${day.format(t)}, ${clock.format(t)}`;
}

/** For tooltips: date and time. */
export function fullTime(t: number): string {
  return full.format(t);
}

export function tickText(t: number, stepMs: number): string {
  return stepMs < MINUTE ? clock.format(t) : clockShort.format(t);
}

function sameDay(a: number, b: number): boolean {
  return new Date(a).toDateString() === new Date(b).toDateString();
}

/** A length of time in at most two units: `420 ms`, `12 s`, `3 min`, `2 h 5 min`, `4 d 3 h`. */
export function durationText(ms: number): string {
  const length = Math.abs(ms);
  if (length < 1000) return `${Math.round(length)} ms`;
  if (length < MINUTE) {
    const seconds = length / 1000;
    return `${seconds < 10 && !Number.isInteger(seconds) ? seconds.toFixed(1).replace(/\.0$/, "") : Math.round(seconds)} s`;
  }
  if (length < HOUR) return two(length, MINUTE, "min", 1000, "s", 10);
  if (length < DAY) return two(length, HOUR, "h", MINUTE, "min", 24);
  return two(length, DAY, "d", HOUR, "h", 30);
}

/** The smaller unit is left out where the larger one is big enough to make it noise. */
function two(
  ms: number,
  unit: number,
  name: string,
  smaller: number,
  smallName: string,
  upTo: number,
): string {
  const whole = Math.floor(ms / unit);
  const rest = Math.floor((ms - whole * unit) / smaller);
  return rest === 0 || whole >= upTo ? `${whole} ${name}` : `${whole} ${name} ${rest} ${smallName}`;
}

/** A length of time that is still growing: in whole seconds, so that it ticks. */
export function elapsedText(ms: number): string {
  return ms < MINUTE ? `${Math.max(0, Math.floor(ms / 1000))} s` : durationText(ms);
}

/** `just now`, `12 s ago`, `3 min ago`. */
export function agoText(t: number, now: number): string {
  const age = now - t;
  if (age < 2000) return "just now";
  if (age < MINUTE) return `${Math.floor(age / 1000)} s ago`;
  if (age < HOUR) return `${Math.floor(age / MINUTE)} min ago`;
  return `${durationText(age)} ago`;
}

const STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 21_600, 43_200, 86_400]; // s

/** Round moments of local time between `from` and `to`, at most `most` of them. */
export function timeTicks(from: number, to: number, most: number): { stepMs: number; ticks: number[] } {
  const step = STEPS.find((s) => (to - from) / (s * 1000) <= most) ?? 86_400;
  const stepMs = step * 1000;
  const zone = new Date(to).getTimezoneOffset() * MINUTE;
  const ticks = [];
  for (let t = Math.ceil((from - zone) / stepMs) * stepMs + zone; t <= to; t += stepMs) ticks.push(t);
  return { stepMs, ticks };
}
