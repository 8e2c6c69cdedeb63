import { type AlarmEvent, type ObjectiveReport, parseStreamName, type Severity } from "@fieldmesh/protocol";
import type { Configuration } from "../configuration/configuration.js";
import type { Objective } from "../configuration/objectives-of.js";
import type { MeasureCounts, Measurement } from "../measure/measurement.js";
import { burnView, hottest, isFast, type Standing, standingOf } from "./burn.js";
import { type AlarmState, atMost, calm, look, STAY_SHARE } from "./objective-alarm.js";
import { PromiseAlarms, type PromiseAlarmsOptions } from "./promise-alarms.js";
import { Rounds } from "./rounds.js";

export interface ObjectivesOptions extends PromiseAlarmsOptions {
  measurement: Pick<Measurement, "counts" | "promise" | "streams">;
  configuration: Pick<Configuration, "objectives" | "contract" | "onChange">;
}

/** One promise of one stream, as it was seen at the last look. */
interface Watched {
  objective: Objective;
  standing: Standing;
  alarm: AlarmState;
  state: ObjectiveReport["state"];
}

/** Keeps an eye on what is promised of every stream, and raises an alarm where a budget burns too fast. */
export class Objectives {
  readonly #options: ObjectivesOptions;
  readonly #alarms: PromiseAlarms;
  readonly #rounds = new Rounds();
  /** By stream. */
  readonly #watched = new Map<string, { revision: number; promises: Watched[] }>();
  /** Of the configuration: each stream takes up a new one at its turn. */
  #revision = 0;
  readonly #listeners = new Set<(stream: string) => void>();
  readonly #unsubscribe: () => void;

  constructor(options: ObjectivesOptions) {
    this.#options = options;
    this.#alarms = new PromiseAlarms(options);
    this.#unsubscribe = options.configuration.onChange(() => this.#revision++);
  }

  /** Takes up the standing alarms. The measurement is restored already. */
  async restore(): Promise<void> {
    await this.#alarms.restore();
  }

  /** A broker's link came: what it lost of the alarms is published again. */
  connected(): void {
    this.#alarms.connected();
  }

  /** Looks at some of the streams; to be called each second. Each is looked at every 10 s at least. */
  tick(now: number): void {
    const round = this.#rounds.next(() => [...this.#options.measurement.streams()]);
    for (const stream of round.streams) this.#look(stream, now);
    if (round.begins) this.#forgetOthers(new Set(round.all));
    this.#alarms.publish();
  }

  /** How the promises of a stream stand: as at the last look, or now when there was none. */
  report(stream: string, now: number): ObjectiveReport[] {
    return this.#promises(stream, now).map(reportOf);
  }

  /** Called with the stream when the state of one of its promises changes. Returns what ends it. */
  onState(listener: (stream: string) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Writes what changed. @throws what the store throws */
  async flush(): Promise<void> {
    await this.#alarms.flush();
  }

  close(): void {
    this.#unsubscribe();
  }

  #look(stream: string, now: number): void {
    const counts = this.#counts(stream);
    let changed = false;
    for (const one of this.#promises(stream, now)) {
      one.standing = standingOf(one.objective, counts);
      const severity = severityOf(one);
      const change = look(one.alarm, severity, now);
      if (change !== undefined) this.#tell(stream, one, change, now);
      const state = stateOf(one);
      changed ||= state !== one.state;
      one.state = state;
    }
    if (changed) for (const listener of this.#listeners) listener(stream);
  }

  #promises(stream: string, now: number): Watched[] {
    const watched = this.#watched.get(stream);
    return watched?.revision === this.#revision ? watched.promises : this.#begin(stream, now);
  }

  #begin(stream: string, now: number): Watched[] {
    const { measurement, configuration } = this.#options;
    const objectives = configuration.objectives(stream);
    const within = (measure: string) => objectives.find((one) => one.measure === measure)?.withinMs;
    const [freshWithinMs, timelyWithinMs] = [within("availability"), within("timeliness")];
    const { validity } = configuration.contract(stream);
    measurement.promise(stream, {
      ...(validity === undefined ? {} : { validity }),
      ...(freshWithinMs === undefined ? {} : { freshWithinMs }),
      ...(timelyWithinMs === undefined ? {} : { timelyWithinMs }),
    });
    const before = this.#watched.get(stream)?.promises;
    const counts = this.#counts(stream);
    const promises = objectives.map((objective): Watched => {
      const known = before?.find((one) => one.objective.id === objective.id);
      const standing = standingOf(objective, counts);
      const alarm = known?.alarm ?? this.#kept(stream, objective, now);
      const one: Watched = { objective, standing, alarm, state: "unknown" };
      one.state = stateOf(one);
      return one;
    });
    for (const rule of this.#alarms.rules(stream)) {
      if (!objectives.some(({ id }) => id === rule)) this.#alarms.remove(stream, rule);
    }
    this.#watched.set(stream, { revision: this.#revision, promises });
    for (const listener of this.#listeners) listener(stream);
    return promises;
  }

  /** " (data product orders 1.2.0)" */
  #promisedBy(stream: string): string {
    const { product, productVersion } = this.#options.configuration.contract(stream);
    if (product === undefined) return "";
    return ` (data product ${product}${productVersion === undefined ? "" : ` ${productVersion}`})`;
  }

  /** The promises of a stream share windows: each is counted once a look. */
  #counts(stream: string): (lastMs: number) => MeasureCounts {
    const counted = new Map<number, MeasureCounts>();
    return (lastMs) => {
      const counts = counted.get(lastMs) ?? this.#options.measurement.counts(stream, lastMs);
      counted.set(lastMs, counts);
      return counts;
    };
  }

  /** An alarm that was raised before a restart stands until it is seen to be over. */
  #kept(stream: string, { id }: Objective, now: number): AlarmState {
    const event = this.#alarms.newest(stream, id);
    if (event?.state !== "raised") return calm();
    return { severity: event.severity, burningSince: Math.min(event.since, now), calmSince: undefined };
  }

  /** Streams that are measured no more: nothing is promised of them. */
  #forgetOthers(streams: ReadonlySet<string>): void {
    for (const stream of [...this.#watched.keys(), ...this.#alarms.streams()]) {
      if (streams.has(stream)) continue;
      this.#watched.delete(stream);
      for (const rule of this.#alarms.rules(stream)) this.#alarms.remove(stream, rule);
    }
  }

  #tell(stream: string, one: Watched, change: "raised" | "worse" | "cleared", now: number): void {
    const named = parseStreamName(stream);
    if (!named.ok) return;
    const { objective, standing, alarm } = one;
    const before = this.#alarms.newest(stream, objective.id);
    const goesOn = change === "raised" ? undefined : before;
    const event: Omit<AlarmEvent, "boot" | "seq"> = {
      node: named.value.node,
      sensor: named.value.sensor,
      rule: objective.id,
      state: change === "cleared" ? "cleared" : "raised",
      severity: alarm.severity ?? goesOn?.severity ?? objective.severity,
      value: standing.actual === null ? null : percent(standing.actual),
      limit: percent(objective.target),
      unit: "%",
      timestamp: now,
      since: change === "cleared" ? now : (goesOn?.since ?? alarm.burningSince ?? now),
      message: `${messageOf(one, change === "cleared")}${this.#promisedBy(stream)}`,
    };
    this.#alarms.tell(stream, event);
  }
}

/** Creates the watch over all promises. Nothing is published before `restore()`. */
export function createObjectives(options: ObjectivesOptions): Objectives {
  return new Objectives(options);
}

function severityOf({ objective, standing, alarm }: Watched): Severity | undefined {
  const stands = alarm.severity !== undefined;
  const ease = stands ? STAY_SHARE : 1;
  if (hottest(standing.burns, ease)?.burning !== true) return undefined;
  return isFast(standing.burns, 1) ? objective.severity : atMost("warning", objective.severity);
}

function stateOf({ standing, alarm }: Watched): ObjectiveReport["state"] {
  if (alarm.severity !== undefined) return "burning";
  if (standing.budgetLeft !== null && standing.budgetLeft <= 0) return "exhausted";
  return standing.actual === null || standing.burns.every(({ long }) => long === null) ? "unknown" : "ok";
}

function reportOf({ objective, standing, alarm, state }: Watched): ObjectiveReport {
  const { id, measure, target, withinMs, window } = objective;
  return {
    id,
    measure,
    target,
    ...(withinMs === undefined ? {} : { withinMs }),
    window,
    actual: standing.actual,
    budgetLeft: standing.budgetLeft,
    burn: burnView(standing.burns),
    state,
    ...(alarm.severity === undefined ? {} : { severity: alarm.severity }),
  };
}

/** "availability 97.2 % of 24 h, promised 99 %: the budget burns 8 times too fast" */
function messageOf({ objective, standing }: Watched, cleared: boolean): string {
  const { measure, target, window } = objective;
  const actual = standing.actual === null ? "unknown" : `${percent(standing.actual)} %`;
  const over = window.replace(/\D+/, " $&");
  const { watchedMs } = standing;
  const head =
    watchedMs === null
      ? `${measure} ${actual} of ${over}, promised ${percent(target)} %`
      : `${measure} ${actual} of the ${watched(watchedMs)} watched, promised ${percent(target)} % of ${over}`;
  if (cleared) return `${head}: the budget no longer burns too fast`;
  const { long, short } = burnView(standing.burns);
  const times = Math.min(long ?? 0, short ?? 0);
  return `${head}: the budget burns ${Number(times.toPrecision(2))} times too fast`;
}

function watched(ms: number): string {
  const [length, unit] =
    ms >= 2 * 86_400_000 ? [86_400_000, "d"] : ms >= 2 * 3_600_000 ? [3_600_000, "h"] : [60_000, "min"];
  return `${Math.max(1, Math.round(ms / length))} ${unit}`;
}

/** A share in percent, to a hundredth, but never a whole hundred where something is missing. */
function percent(share: number): number {
  const exact = share * 100;
  const rounded = Number(exact.toFixed(2));
  return rounded === 100 && share < 1 ? Number(exact.toPrecision(6)) : rounded;
}
