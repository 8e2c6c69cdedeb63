// What the mock's historian has measured: a report of every stream, streams in every state among them.

const WINDOW_MS = { "1m": 60_000, "1h": 3_600_000, "24h": 86_400_000, "30d": 2_592_000_000 };
const WINDOWS = Object.keys(WINDOW_MS);
const BURNS = { short: 21.4, long: 8.3 };
const CALM = { short: 0, long: 0.05 };

/** How a stream keeps its promises, by what of it goes wrong: shares over 1 min, 1 h, 24 h and 30 days. */
const CASES = {
  kept: {},
  tight: { availability: [1, 1, 0.9934, 0.9982] },
  burning: {
    availability: [0.4, 0.958, 0.9951, 0.9996],
    completeness: [0.5, 0.994, 0.99968, 0.9999],
    timeliness: [7_400, 2_100, 12, 9],
    burn: BURNS,
  },
  exhausted: { availability: [1, 0.999, 0.9712, 0.9961], completeness: [1, 1, 0.9982, 0.9998] },
  invalid: { validity: [0.97, 0.981, 0.9962, 0.9991] },
  late: { timeliness: [3, 4, 8_400, 4_100] },
  away: { availability: [0, 0.652, 0.9854, 0.9995] },
  unknown: "unknown",
};

const OF_NODES = {
  env_greenhouse_humidity: "burning",
  "env_greenhouse_soil-moisture": "exhausted",
  env_greenhouse_light: "tight",
  env_greenhouse_airquality: "invalid",
  "env_atlas_disk-free": "late",
  env_greenhouse_door: "unknown",
  env_shed_temperature: "away",
};
/** Of the made-up streams one in so many. */
const ONE_IN = [
  [211, "burning"],
  [97, "exhausted"],
  [53, "tight"],
  [41, "invalid"],
  [31, "late"],
  [29, "unknown"],
];

export function caseOf(name) {
  const number = Number(/sensor-(\d+)$/.exec(name)?.[1] ?? 0);
  return OF_NODES[name] ?? ONE_IN.find(([every]) => number > 0 && number % every === 0)?.[1] ?? "kept";
}

/** The historian's `QualityReport` of a stream. `quiet`: every promise is kept. */
export function reportOf({ name, sensor, last }, { quiet, clockOffsetMs = 3 }) {
  const kind = quiet ? "kept" : caseOf(name);
  const wrong = CASES[kind];
  const known = wrong !== "unknown";
  const withinMs = 3 * Math.max(sensor.intervalMs, sensor.maxSilenceMs ?? 0);
  const newest = last?.t;
  const ageMs = newest === undefined ? null : Date.now() - newest;
  const windows = Object.fromEntries(
    WINDOWS.map((window, i) => [window, known ? windowOf(wrong, i, window, sensor) : notMeasured()]),
  );
  return {
    stream: name,
    timestamp: Date.now(),
    freshness: { at: newest ?? null, ageMs, withinMs, fresh: ageMs !== null && ageMs < withinMs },
    clock: { offsetMs: clockOffsetMs, off: Math.abs(clockOffsetMs) > 2_000 },
    windows,
    objectives: [
      promise("availability", 0.99, { withinMs }),
      promise("completeness", 0.999, {}),
      promise("validity", 0.99, {}),
      promise("timeliness", 0.99, { withinMs: 10_000 }),
    ].map((objective) => standing(objective, windows["24h"], known ? wrong : undefined)),
    configuration: 1,
  };
}

function windowOf(wrong, i, window, { intervalMs }) {
  const share = (measure) => wrong[measure]?.[i] ?? 1;
  const expected = Math.round(WINDOW_MS[window] / intervalMs);
  const received = Math.round(expected * share("completeness"));
  const broken = Math.round(received * (1 - share("validity")));
  const p95 = wrong.timeliness?.[i] ?? 4.6;
  return {
    observedMs: WINDOW_MS[window],
    expected,
    received,
    completeness: expected === 0 ? null : received / expected,
    validity: share("validity"),
    invalidBy: broken === 0 ? {} : { range: broken },
    availability: share("availability"),
    timeliness: { p50: Math.min(2.1, p95), p95, p99: p95 * 3.4 },
    rate: 1_000 / intervalMs,
    duplicates: wrong.completeness === undefined ? 0 : 12,
    outOfOrder: 0,
    bad: wrong.completeness === undefined ? 0 : 5,
    badBy: wrong.completeness === undefined ? {} : { "sensor answered with a wrong checksum": 5 },
  };
}

function notMeasured() {
  const nothing = { completeness: null, validity: null, availability: null, timeliness: null, rate: null };
  const none = { expected: 0, received: 0, duplicates: 0, outOfOrder: 0, bad: 0 };
  return { observedMs: 0, ...none, ...nothing, invalidBy: {}, badBy: {} };
}

function promise(measure, target, more) {
  return { id: `slo-${measure}`, measure, target, ...more, window: "24h" };
}

function standing(objective, quality, wrong) {
  if (wrong === undefined)
    return {
      ...objective,
      actual: null,
      budgetLeft: null,
      burn: { short: null, long: null },
      state: "unknown",
    };
  const { measure, target } = objective;
  const late = quality.timeliness?.p95 > (objective.withinMs ?? 0) / 2 ? 0.9938 : 1;
  const actual = measure === "timeliness" ? late : quality[measure];
  const budgetLeft = 1 - (1 - actual) / (1 - target);
  const burning = measure === "availability" && wrong.burn !== undefined;
  return {
    ...objective,
    actual,
    budgetLeft,
    burn: burning ? wrong.burn : CALM,
    state: burning ? "burning" : budgetLeft <= 0 ? "exhausted" : "ok",
    ...(burning ? { severity: "critical" } : {}),
  };
}
