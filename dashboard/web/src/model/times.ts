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
const dayOfYear = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short", year: "numeric" });
const month = new Intl.DateTimeFormat(undefined, { month: "short", year: "numeric" });
const full = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium", hourCycle });

const MINUTE = 60_000; // ms
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** `12:03:04`; with the day in front when it is not today's, and the year when it is not this one. */
export function timeText(t: number, now: number): string {
  if (sameDay(t, now)) return clock.format(t);
  const sameYear = new Date(t).getFullYear() === new Date(now).getFullYear();
  return `${(sameYear ? day : dayOfYear).format(t)}, ${clock.format(t)}`;
}

/** From when to when, the day said once where it is one: `21 Nov, 12:00:00 – 12:15:00`. */
export function rangeText({ from, to }: { from: number; to: number }, now: number): string {
  const end = sameDay(from, to) ? clock.format(to) : timeText(to, now);
  return `${timeText(from, now)} – ${end}`;
}

/** A moment as a field of local date and time has it: `2026-11-21T12:00:00`. */
export function localInput(t: number): string {
  return new Date(t - new Date(t).getTimezoneOffset() * MINUTE).toISOString().slice(0, 19);
}

/** ms since the epoch; undefined when it is empty or nonsense. */
export function parseLocalInput(text: string): number | undefined {
  const t = new Date(text).getTime();
  return text === "" || Number.isNaN(t) ? undefined : t;
}

/** For tooltips: date and time. */
export function fullTime(t: number): string {
  return full.format(t);
}

/** A moment on an axis whose ticks are that far apart: midnight is named by its day, the first by its month. */
export function tickText(t: number, stepMs: number): string {
  if (stepMs >= 28 * DAY) return month.format(t);
  const date = new Date(t);
  if (stepMs >= DAY || (date.getHours() === 0 && date.getMinutes() === 0 && stepMs >= MINUTE))
    return day.format(t);
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

const STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 21_600, 43_200]; // s
const DAY_STEPS = [1, 2, 5, 10]; // of a month; the last days of it are left out
const MONTH_STEPS = [1, 2, 3, 6, 12, 24, 60];

/** Round moments of local time between `from` and `to`, at most `most` of them. */
export function timeTicks(from: number, to: number, most: number): { stepMs: number; ticks: number[] } {
  const step = STEPS.find((s) => (to - from) / (s * 1000) <= most);
  if (step === undefined) return calendarTicks(from, to, most);
  const stepMs = step * 1000;
  const ticks = [];
  // The zone's offset changes within a range: each moment is made round by its own.
  const offset = (t: number): number => new Date(t).getTimezoneOffset() * MINUTE;
  let before = Number.NEGATIVE_INFINITY;
  for (let t = Math.floor((from - offset(from)) / stepMs) * stepMs + offset(from); t <= to; t += stepMs) {
    const zone = offset(t);
    const round = Math.round((t - zone) / stepMs) * stepMs + zone;
    if (round >= from && round <= to && round > before) ticks.push(round);
    before = Math.max(before, round);
  }
  return { stepMs, ticks };
}

/** Midnights and first days of months: days and months are not all of one length. */
function calendarTicks(from: number, to: number, most: number): { stepMs: number; ticks: number[] } {
  const days = DAY_STEPS.find((count) => (to - from) / (count * DAY) <= most);
  const months = MONTH_STEPS.find((count) => (to - from) / (count * 30 * DAY) <= most) ?? 60;
  const start = new Date(from);
  const ticks: number[] = [];
  const put = (t: number): void => {
    if (t >= from && t <= to) ticks.push(t);
  };
  if (days !== undefined) {
    const first = new Date(start.getFullYear(), start.getMonth(), start.getDate());
    for (const date = first; date.getTime() <= to; date.setDate(date.getDate() + 1)) {
      const ofMonth = date.getDate() - 1;
      // The 31st beside the 1st would be one tick on the other.
      if (ofMonth % days === 0 && (days === 1 || ofMonth + days / 2 < 30)) put(date.getTime());
    }
    return { stepMs: days * DAY, ticks };
  }
  const first = new Date(
    start.getFullYear(),
    start.getMonth() - (start.getMonth() % Math.min(12, months)),
    1,
  );
  for (const date = first; date.getTime() <= to; date.setMonth(date.getMonth() + months)) put(date.getTime());
  return { stepMs: months * 30 * DAY, ticks };
}
