// What the mock server tells: nodes, sensors, readings of the last five minutes and onwards, alarms.

const WINDOW_MS = 300_000;
const MAX_READINGS = 3_000;
const above = (id, limit, clear, severity = "warning") => ({
  id,
  kind: "above",
  limit,
  clear,
  severity,
  forMs: 2_000,
});
const below = (id, limit, clear, severity = "warning") => ({
  id,
  kind: "below",
  limit,
  clear,
  severity,
  forMs: 2_000,
});
/** Of a time and nothing else, so that history tells the same as the live window did. 0 to 1. */
const chance = (t, salt) => {
  let h = Math.imul(Math.floor(t) ^ Math.imul(Math.floor(t / 2 ** 32) + salt, 0x9e3779b1), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return ((h ^ (h >>> 16)) >>> 0) / 2 ** 32;
};
const noise = (t, size, salt = 0) => (chance(t, salt + 1) + chance(t, salt + 77) - 1) * size;
const daily = (t, size) => size * Math.sin(((t % 86_400_000) / 86_400_000 - 0.375) * 2 * Math.PI);
/** Weather: slow waves that never quite repeat. */
const weather = (t, size) =>
  size * (0.6 * wave(t, 86_400 * 5.3, 1) + 0.4 * wave(t, 86_400 * 11.9, 2) + 0.5 * wave(t, 86_400 * 91, 4));
const wave = (t, periodS, phase = 0) => Math.sin((t / 1000 / periodS) * 2 * Math.PI + phase);

const GREENHOUSE = [
  {
    id: "temperature",
    type: "temperature",
    unit: "Cel",
    intervalMs: 1_000,
    range: { min: -40, max: 85 },
    rules: [above("too-hot", 30, 29), below("too-cold", 15, 16, "critical")],
    overrides: [
      { setting: "rules.too-hot.limit", configured: 28, value: 30, at: Date.now() - 3_600_000, by: "anna" },
    ],
    value: (t) =>
      24.6 +
      0.7 * wave(t, 420) +
      0.8 * wave(t, 2_350) +
      noise(t, 0.22) +
      (t < START ? daily(t, 2.2) - daily(START, 2.2) + weather(t, 1.6) - weather(START, 1.6) : 0) +
      excursion(t, 8),
  },
  {
    id: "humidity",
    type: "humidity",
    unit: "%RH",
    intervalMs: 1_000,
    range: { min: 0, max: 100 },
    deadband: 0.3,
    maxSilenceMs: 10_000,
    rules: [{ id: "out-of-range", kind: "outside", low: 40, high: 80, severity: "warning" }],
    value: (t) => 61 + 2 * wave(t, 300, 1) + 2.5 * wave(t, 3_900) - daily(t, 7) + noise(t, 0.8),
  },
  {
    id: "light",
    type: "light",
    unit: "lx",
    intervalMs: 1_000,
    rules: [below("too-dark", 100, 120, "info")],
    value: (t) => 820 + 190 * wave(t, 200, 2) + noise(t, 40),
  },
  {
    id: "airquality",
    type: "airquality",
    unit: "ppm",
    intervalMs: 2_000,
    rules: [above("poor-air", 1000, 950, "critical")],
    value: (t) => 905 + 70 * wave(t, 260, 3) + noise(t, 14) + excursion(t - 60_000, 120),
  },
  {
    id: "door",
    label: "North door",
    type: "door",
    valueType: "boolean",
    unit: "1",
    intervalMs: 5_000,
    rules: [{ id: "door-open", kind: "equals", value: true, severity: "info", forMs: 60_000 }],
    value: (t) => (wave(t, 140) > 0.8 ? 1 : 0),
  },
  {
    id: "soil-moisture",
    label: "Soil moisture, bed 3",
    type: "moisture",
    unit: "%",
    intervalMs: 2_000,
    rules: [],
    value: (t) => 38 - (((t - START) / 3_600_000) % 8) * 2 + noise(t, 0.2),
    flaky: true,
  },
];
const HOST = [
  {
    id: "cpu",
    type: "cpu",
    unit: "%",
    intervalMs: 1_000,
    range: { min: 0, max: 100 },
    rules: [above("busy", 90, 80)],
    value: (t) => Math.max(2, 22 + 10 * wave(t, 60) + noise(t, 14) + (chance(t, 5) > 0.98 ? 45 : 0)),
  },
  {
    id: "memory",
    type: "memory",
    unit: "B",
    intervalMs: 2_000,
    rules: [above("memory-full", 7.6e9, 7.4e9, "critical")],
    value: (t) => 4.21e9 + 3e8 * wave(t, 500) + noise(t, 2e7),
  },
  {
    id: "disk-free",
    type: "disk",
    unit: "B",
    intervalMs: 10_000,
    rules: [below("disk-full", 5e9, 6e9, "critical")],
    value: (t) => 48.3e9 - ((t - START) % 86_400_000) * 20,
  },
  {
    id: "network-in",
    type: "network",
    unit: "B/s",
    intervalMs: 1_000,
    rules: [],
    value: (t) =>
      Math.max(0, 180_000 + 120_000 * wave(t, 45) + noise(t, 90_000) + (chance(t, 6) > 0.97 ? 2.4e6 : 0)),
  },
  {
    id: "network-out",
    type: "network",
    unit: "B/s",
    intervalMs: 1_000,
    rules: [],
    value: (t) => Math.max(0, 42_000 + 12_000 * wave(t, 45) + noise(t, 20_000)),
  },
  {
    id: "cpu-temperature",
    type: "temperature",
    unit: "Cel",
    intervalMs: 2_000,
    rules: [above("overheating", 85, 80, "critical")],
    value: (t) => 51 + 1.5 * wave(t, 90) + 2 * wave(t, 2_700) + daily(t, 3) + noise(t, 1.2),
  },
];
const START = Date.now() - WINDOW_MS;

/** An excursion of that height from 100 s into the window for 70 s, and one that stands now. */
function excursion(t, height) {
  const at = (t - START) / 1000;
  const hill = (from, to) => (at < from || at > to ? 0 : Math.min(1, (at - from) / 12, (to - at) / 12));
  return (
    height * Math.max(hill(100, 170), hill(270, 4_000) * 0.95, hill(-52_000, -49_500), hill(-13_000, -12_000))
  );
}

/** The first time at or behind `t` at which a sensor of that interval is read. */
function gridAfter(intervalMs, t) {
  return START + Math.ceil((t - START) / intervalMs) * intervalMs;
}

/** Undefined where nothing is kept: that was dropped, or the node was down. */
function readingAt(stream, t, quiet) {
  const { sensor } = stream;
  const at = (t - START) / 1000;
  if (!quiet) {
    if (sensor.flaky && at > 180 && at < 205) return undefined;
    if (OUTAGES.some(({ from, to, stays }) => !stays && at >= from && at < to)) return undefined;
  }
  const bad = sensor.flaky && !quiet && at > 90 && at < 100;
  return { t, v: bad ? null : sensor.value(t), seq: Math.round((t - START) / sensor.intervalMs) + 1 };
}

/** What went wrong before the window, s from its beginning. `stays`: the readings came after all. */
const OUTAGES = [
  { from: -400, to: -339, explanation: "late", cause: "broker-unreachable", stays: true },
  { from: -2_700, to: -2_100, explanation: "dropped", cause: "full" },
  { from: -9_000, to: -7_500, explanation: "node-down", cause: "stopped" },
  { from: -21_600, to: -21_240, explanation: "recovered", cause: "lost-at-broker", stays: true },
  { from: -40_000, to: -39_950, explanation: "unknown" },
  { from: -15 * 86_400, to: -14 * 86_400, explanation: "node-down" },
];

/** Short ones of some days before that left the charts as they are. */
const LONG_AGO = Array.from({ length: 60 }, (_, i) => ({
  from: -2 * 86_400 - i * 5_000,
  to: -2 * 86_400 - i * 5_000 + 20,
  explanation: "recovered",
  cause: i % 2 === 0 ? "lost-at-broker" : "historian-away",
  stays: true,
}));

/** Value at the raise and at the clear, limit, unit, words for both. */
const EVENT_VALUES = {
  "too-hot": [30.4, 28.8, 30, "Cel", "above 30 °C for 2 s", "back below 29 °C"],
  "poor-air": [1_012, 940, 1_000, "ppm", "above 1000 ppm for 2 s", "back below 950 ppm"],
  "too-dark": [96, 131, 100, "lx", "below 100 lx for 2 s", "back above 120 lx"],
};

const RETIRED = "env_cellar_pressure";

class MockStream {
  constructor(name, sensor, boot) {
    Object.assign(this, {
      name,
      sensor,
      boot,
      seq: 0,
      t: [],
      v: [],
      s: [],
      q: new Map(),
      first: 0,
      nextAt: 0,
    });
  }
  fill(now, quiet) {
    const { intervalMs } = this.sensor;
    if (this.nextAt === 0)
      this.nextAt = gridAfter(intervalMs, now - Math.min(WINDOW_MS, MAX_READINGS * intervalMs));
    for (; this.nextAt <= now; this.nextAt += intervalMs) {
      this.seq += 1;
      const reading = readingAt(this, this.nextAt, quiet);
      if (reading === undefined) continue;
      const n = this.first + this.t.length;
      if (reading.v === null) this.q.set(n, ["bad", "sensor answered with a wrong checksum"]);
      this.t.push(this.nextAt);
      this.v.push(reading.v);
      this.s.push(this.seq);
    }
    let cut = 0;
    while (this.t.length - cut > MAX_READINGS || (this.t[cut] ?? now) < now - WINDOW_MS) cut += 1;
    if (cut > 64) {
      this.t.splice(0, cut);
      this.v.splice(0, cut);
      this.s.splice(0, cut);
      this.first += cut;
    }
  }
  get last() {
    return this.t.length === 0 ? undefined : { v: this.v.findLast((v) => v !== null), t: this.t.at(-1) };
  }
}

export class World {
  constructor({ streams, ratePerS, quiet, hostile, hasHistory, hasMesh }) {
    this.quiet = quiet;
    this.hostile = hostile;
    this.hasHistory = hasHistory;
    this.hasMesh = hasMesh;
    this.boot = Math.floor(Date.now() / 1000);
    this.acks = new Map();
    this.changed = new Map();
    this.nodes = streams > 0 ? madeUp(streams, ratePerS) : twoNodes(this.boot);
    if (hostile)
      for (const node of this.nodes) node.label = `<img src=x onerror="document.title='owned'"> ${node.node}`;
    this.streams = new Map();
    for (const node of this.nodes)
      for (const sensor of node.made) {
        const name = `${node.domain}_${node.node}_${sensor.id}`;
        this.streams.set(name, new MockStream(name, sensor, this.boot));
      }
    // The historian remembers a sensor that no node has any more.
    const retired = { id: "pressure", type: "pressure", unit: "hPa", intervalMs: 60_000, rules: [] };
    this.streams.set(
      RETIRED,
      new MockStream(RETIRED, { ...retired, value: (t) => 1013 + weather(t, 14) }, this.boot),
    );
    this.fill();
  }
  fill() {
    const now = Date.now();
    for (const node of this.nodes) {
      if (node.presence !== "online") continue;
      for (const sensor of node.made)
        this.streams.get(`${node.domain}_${node.node}_${sensor.id}`)?.fill(now, this.quiet);
    }
  }
  get start() {
    return START;
  }
  gridAfter({ sensor }, t) {
    return gridAfter(sensor.intervalMs, t);
  }
  readingAt(stream, t) {
    return readingAt(stream, t, this.quiet);
  }
  /** Until when it was read, ms: an offline node's are of the time before. */
  endOf({ name }) {
    if (name === RETIRED) return START - 86_400_000;
    const node = this.nodes.find(({ domain, node }) => name.startsWith(`${domain}_${node}_`));
    return node === undefined || node.presence === "online" ? Date.now() : node.since;
  }
  losses({ name, sensor }) {
    if (this.quiet) return [];
    const unreachable = this.nodeOf(name)?.presence === "offline" ? [this.unreachable(name)] : [];
    return [...unreachable, ...[...OUTAGES, ...LONG_AGO].map(this.loss(name, sensor))];
  }
  unreachable(name) {
    const at = this.nodeOf(name).since;
    const away = { from: 0, to: 0, count: 0, fromAt: at, toAt: null, open: true };
    const explanation = { explanation: "unknown", cause: "node-unreachable" };
    return { id: `${name}-away`, stream: name, boot: 1, ...away, ...explanation };
  }
  loss(name, sensor) {
    const markup = this.hostile ? `<img src=x onerror="document.title='owned'"> ` : "";
    return ({ from, to, explanation, cause, stays }) => {
      const down = explanation === "node-down";
      const count = down ? 0 : Math.round(((to - from) * 1000) / sensor.intervalMs);
      return {
        id: `${name}-${-from}`,
        stream: name,
        boot: this.boot,
        from: down ? 0 : 1,
        to: count,
        count,
        fromAt: START + from * 1000,
        toAt: START + to * 1000,
        explanation,
        ...(cause === undefined ? {} : { cause: `${markup}${cause}` }),
        open: false,
        ...(stays ? { came: [START + to * 1000, START + to * 1000 + 900] } : {}),
      };
    };
  }
  nodeOf(name) {
    return this.nodes.find(({ domain, node }) => name.startsWith(`${domain}_${node}_`));
  }
  /** Alarms before the window, as the historian has them. */
  pastEvents() {
    if (this.quiet || this.nodes.length >= 10) return [];
    const spells = [
      [-12_988, -12_010, "temperature", "too-hot", "warning"],
      [-51_985, -49_515, "temperature", "too-hot", "warning"],
      ...Array.from({ length: 80 }, (_, i) => [
        -60_000 - i * 7_919,
        -59_700 - i * 7_919,
        ["airquality", "light", "temperature"][i % 3],
        ["poor-air", "too-dark", "too-hot"][i % 3],
        ["critical", "info", "warning"][i % 3],
      ]),
    ];
    const markup = this.hostile ? `<img src=x onerror="document.title='owned'"> ` : "";
    return spells.flatMap(([from, to, sensor, rule, severity], i) =>
      [from, to].map((s, j) => ({
        id: `past-${i}-${j}`,
        domain: "env",
        stream: `env_greenhouse_${sensor}`,
        at: START + s * 1000,
        arrivedAt: START + s * 1000 + 40,
        event: {
          node: "greenhouse",
          sensor,
          rule,
          state: j === 0 ? "raised" : "cleared",
          severity,
          value: j === 0 ? EVENT_VALUES[rule][0] : EVENT_VALUES[rule][1],
          limit: EVENT_VALUES[rule][2],
          unit: EVENT_VALUES[rule][3],
          timestamp: START + s * 1000,
          since: START + from * 1000,
          boot: this.boot - 1,
          seq: i * 2 + j + 1,
          message: `${markup}${sensor} ${EVENT_VALUES[rule][j === 0 ? 4 : 5]}`,
        },
      })),
    );
  }
  begin(tell) {
    this.tell = tell;
    setInterval(() => this.fill(), 50);
    setInterval(() => {
      if (this.nodes.length < 10) tell.catalogue(this.catalogue(false));
    }, 2_000);
  }
  hello(user) {
    return {
      epoch: String(this.boot),
      version: "0.1.0",
      user,
      now: Date.now(),
      windowMs: WINDOW_MS,
      maxReadings: MAX_READINGS,
      frameMs: 50,
      brokers: [{ url: "mqtt://127.0.0.1:1883", connected: true, since: START }],
      history: this.hasHistory,
      mesh: this.hasMesh,
    };
  }
  view(node) {
    const { made, ...rest } = node;
    return {
      ...rest,
      sensors: made.map((sensor) => {
        const { value: _value, flaky, ...birth } = sensor;
        const stream = `${node.domain}_${node.node}_${sensor.id}`;
        const { last, seq, t } = this.streams.get(stream);
        const lost = flaky && !this.quiet ? 12 : 0;
        return {
          ...birth,
          stream,
          driver: node.driver,
          state: sensor.state ?? "ok",
          stale: node.presence !== "online",
          ...(last === undefined ? {} : { latest: last }),
          ...(t.length === 0
            ? {}
            : { account: { stored: seq - lost, dropped: lost, held: 0, unknown: 0, lastSeq: seq } }),
        };
      }),
    };
  }
  catalogue(full = true) {
    return {
      full,
      nodes: Object.fromEntries(this.nodes.map((node) => [`${node.domain}/${node.node}`, this.view(node)])),
    };
  }
  alarms() {
    if (this.quiet || this.nodes.length >= 10) return { full: true, standing: {}, history: [] };
    const event = (sensor, rule, state, severity, value, limit, unit, at, since, seq, message) => ({
      node: "greenhouse",
      sensor,
      rule,
      state,
      severity,
      value,
      limit,
      unit,
      timestamp: at,
      since,
      boot: this.boot,
      seq,
      message,
    });
    const key = (sensor, rule) => `env_greenhouse_${sensor}/${rule}`;
    const standing = {};
    const put = (sensor, rule, e) => {
      const ack = this.acks.get(key(sensor, rule));
      standing[key(sensor, rule)] = {
        key: key(sensor, rule),
        domain: "env",
        event: e,
        ...(ack === undefined ? {} : { ack }),
      };
    };
    put(
      "temperature",
      "too-hot",
      event(
        "temperature",
        "too-hot",
        "raised",
        "warning",
        31.24,
        30,
        "Cel",
        START + 284_000,
        START + 282_000,
        3,
        "temperature above 30 °C for 2 s",
      ),
    );
    put(
      "airquality",
      "poor-air",
      event(
        "airquality",
        "poor-air",
        "raised",
        "critical",
        1012,
        1000,
        "ppm",
        START + 342_000,
        START + 340_000,
        1,
        "airquality above 1000 ppm for 2 s",
      ),
    );
    put("humidity", "slo-availability", {
      node: "greenhouse",
      sensor: "humidity",
      rule: "slo-availability",
      state: "raised",
      severity: "critical",
      value: 99.51,
      limit: 99,
      unit: "%",
      timestamp: START + 180_000,
      since: START + 170_000,
      boot: this.boot,
      seq: 1,
      message: "availability 99.51 % of 24 h, promised 99 %: the budget burns 8.3 times too fast",
    });
    const away = this.nodes.find((node) => node.presence === "offline");
    if (away !== undefined) {
      const name = `env_${away.node}_node/offline`;
      standing[name] = {
        key: name,
        domain: "env",
        event: {
          node: away.node,
          sensor: "node",
          rule: "offline",
          state: "raised",
          severity: "critical",
          value: null,
          unit: "1",
          timestamp: away.since,
          since: away.since,
          boot: 1,
          seq: 1,
          message: `node ${away.node} is offline`,
        },
        ...(this.acks.has(name)
          ? { ack: this.acks.get(name) }
          : {
              ack: {
                boot: 1,
                seq: 1,
                by: "anna",
                at: away.since + 90_000,
                note: "battery is charging, back by four",
              },
            }),
      };
    }
    const cleared = {
      key: key("temperature", "too-hot"),
      domain: "env",
      event: event(
        "temperature",
        "too-hot",
        "cleared",
        "warning",
        28.9,
        30,
        "Cel",
        START + 168_000,
        START + 110_000,
        2,
        "temperature back below 29 °C",
      ),
      endedAt: START + 168_000,
    };
    const raised = {
      key: key("temperature", "too-hot"),
      domain: "env",
      event: event(
        "temperature",
        "too-hot",
        "raised",
        "warning",
        30.6,
        30,
        "Cel",
        START + 112_000,
        START + 110_000,
        1,
        "temperature above 30 °C for 2 s",
      ),
    };
    return { full: true, standing, history: [cleared, raised] };
  }
  dropped() {
    const now = Date.now();
    if (this.quiet) return { total: 0, byCause: {}, recent: [], channels: [] };
    return {
      total: 41,
      byCause: { json: 38, name: 3 },
      recent: [
        {
          topic: "env/desk/temperature/raw",
          cause: "json",
          detail: 'payload "21,5": expected a number, a boolean or a JSON object',
          count: 38,
          at: now - 12_000,
        },
        {
          topic: "env/Büro/light/raw",
          cause: "name",
          detail: 'node "Büro": expected 1 to 32 of a-z, 0-9 and "-", not beginning with "-"',
          count: 3,
          at: now - 720_000,
        },
      ],
      channels: [
        {
          name: "phone",
          kind: "ntfy",
          minSeverity: "warning",
          sent: 14,
          failed: 0,
          pending: 0,
          lastSentAt: now - 95_000,
        },
        {
          name: "duty-mail",
          kind: "email",
          minSeverity: "critical",
          sent: 2,
          failed: 3,
          pending: 1,
          lastSentAt: now - 86_400_000,
          lastError: { message: "smtp.example.org:587 did not answer within 10 s", at: now - 34_000 },
        },
      ],
    };
  }
  frame(cursors) {
    const streams = {};
    for (const [name, cursor] of cursors) {
      const stream = this.streams.get(name);
      if (stream === undefined) continue;
      const end = stream.first + stream.t.length;
      const reset = cursor === undefined || cursor < stream.first || cursor > end;
      const from = reset ? stream.first : cursor;
      if (!reset && from === end) continue;
      const i = from - stream.first;
      streams[name] = {
        n: from,
        t: stream.t.slice(i),
        v: stream.v.slice(i),
        seq: stream.s.slice(i),
        boot: stream.t.slice(i).map(() => stream.boot),
        q: [...stream.q]
          .filter(([n]) => n >= from)
          .map(([n, [quality, reason]]) => [n - from, quality, reason]),
        reset,
        oldest: stream.first,
        cut: stream.t.length >= MAX_READINGS,
      };
      cursors.set(name, end);
    }
    return Object.keys(streams).length === 0 ? undefined : { at: Date.now(), streams };
  }
  acknowledge({ key, boot, seq, note }, by) {
    const ack = { boot, seq, by, at: Date.now(), ...(note === undefined ? {} : { note }) };
    this.acks.set(key, ack);
    this.tell?.alarms(this.alarms());
    return ack;
  }
  command({ node: name, name: command, args }) {
    const node = this.nodes.find((n) => n.node === name);
    if (node?.presence !== "online")
      return { ok: false, code: "no-answer", message: `${name} did not answer within 5 s: it is offline.` };
    const ids = args.sensor === undefined ? node.made.map((s) => s.id) : [args.sensor];
    const sensor = node.made.find((s) => s.id === args.sensor);
    switch (command) {
      case "simulate": {
        const hit = { overheat: "temperature", lowlight: "light", poorair: "airquality" }[args.type];
        return { ok: true, result: { sensors: ids.filter((id) => hit === undefined || id === hit) } };
      }
      case "set-interval": {
        if (args.intervalMs < 10)
          return {
            ok: false,
            code: "field",
            field: "intervalMs",
            message: `intervalMs ${args.intervalMs}: expected 10 or more`,
          };
        const replaced = sensor.intervalMs;
        sensor.intervalMs = args.intervalMs;
        return { ok: true, result: { intervalMs: args.intervalMs, replaced } };
      }
      case "set-rule": {
        const rule = sensor.rules.find((r) => r.id === args.rule);
        Object.assign(rule, args.set);
        return { ok: true, result: { rule } };
      }
      default:
        return { ok: true, result: { sensors: ids, sensor: args.sensor } };
    }
  }
  remove(domain, name) {
    this.nodes = this.nodes.filter((node) => node.node !== name || node.domain !== domain);
    this.tell?.catalogue({ full: false, nodes: { [`${domain}/${name}`]: null } });
    return { removed: [`${domain}/${name}/birth`] };
  }
}

function twoNodes(boot) {
  const now = Date.now();
  const node = (name, made, more) => ({
    domain: "env",
    node: name,
    presence: "online",
    since: START,
    version: "0.1.0",
    boot,
    startedAt: now - 11_520_000,
    clockOffsetMs: 3,
    legacy: false,
    log: { bytes: 2_340_000, oldest: now - 900_000 },
    made,
    ...more,
  });
  return [
    node("atlas", HOST, { driver: "host", host: "atlas" }),
    node("greenhouse", GREENHOUSE, {
      label: "Greenhouse",
      driver: "simulated",
      host: "atlas",
      clockOffsetMs: 4_200,
    }),
    node(
      "shed",
      [
        {
          id: "temperature",
          type: "temperature",
          unit: "Cel",
          intervalMs: 5_000,
          rules: [],
          value: () => 12,
        },
      ],
      {
        label: "Tool shed",
        driver: "w1",
        host: "shed-pi",
        presence: "offline",
        since: now - 1_260_000,
        reason: "connection lost",
      },
    ),
  ];
}

function madeUp(count, ratePerS) {
  const nodes = [];
  for (let i = 0; i < count; i += 50) {
    const made = [];
    for (let j = i; j < Math.min(count, i + 50); j++) {
      made.push({
        id: `sensor-${j + 1}`,
        type: "temperature",
        unit: "Cel",
        intervalMs: 1000 / ratePerS,
        rules: [above("too-hot", 30, 29)],
        value: (t) => 22 + 3 * wave(t, 60 + (j % 40)) + noise(t, 0.6, j),
      });
    }
    nodes.push({
      domain: "env",
      node: `node-${nodes.length + 1}`,
      presence: "online",
      since: START,
      version: "0.1.0",
      boot: 1,
      startedAt: START,
      legacy: false,
      driver: "simulated",
      host: `host-${nodes.length + 1}`,
      made,
    });
  }
  return nodes;
}
