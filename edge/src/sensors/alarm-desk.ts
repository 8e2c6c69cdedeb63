import type { AlarmEvent, Rule } from "@fieldmesh/protocol";
import {
  type Alarm,
  type AlarmChange,
  createAlarm,
  delaysOf,
  elapse,
  judge,
  ruleChanged,
} from "../checks/alarm.js";
import { alarmMessage, limitOf } from "../checks/message.js";
import { type Heard, missing } from "../checks/missing.js";
import type { SensorConfig } from "../config/types.js";
import type { Verdict } from "../worker-messages.js";

interface Desk {
  rule: Rule;
  alarm: Alarm;
}

/** An event but for its number and its node, which the log and the node give it. */
export type NewEvent = Omit<AlarmEvent, "boot" | "seq" | "node">;

export interface AlarmDeskPorts {
  sensor: SensorConfig;
  /** Whether the rule's alarm was standing when the node went down. */
  standing: (rule: string) => boolean;
  startedMs: number;
  onEvent: (event: NewEvent) => void;
}

/** The alarms of one sensor: turns the worker's verdicts, and time, into events. Times are monotonic. */
export class AlarmDesk {
  readonly #ports: AlarmDeskPorts;
  readonly #desks = new Map<string, Desk>();
  readonly #heard: Heard;

  constructor(ports: AlarmDeskPorts) {
    this.#ports = ports;
    this.#heard = { startedMs: ports.startedMs };
    for (const rule of ports.sensor.rules) {
      this.#desks.set(rule.id, { rule, alarm: createAlarm(ports.standing(rule.id)) });
    }
  }

  /** A reading was judged. `good`: it counts as heard for `missing`. */
  judged(
    verdicts: Record<string, Verdict>,
    value: number | boolean | null,
    timestamp: number,
    elapsedMs: number,
    good: boolean,
  ): void {
    if (good) this.#heard.lastGoodMs = elapsedMs;
    for (const [id, verdict] of Object.entries(verdicts)) {
      const desk = this.#desks.get(id);
      if (desk !== undefined) this.#judge(desk, { verdict, value, timestamp, elapsedMs });
    }
  }

  /** Lets time pass: delays that have run out, and silence. */
  tick(elapsedMs: number, now: number): void {
    for (const desk of this.#desks.values()) {
      if (desk.rule.kind === "missing") {
        const verdict = missing(desk.rule, this.#heard, elapsedMs);
        this.#judge(desk, { verdict, value: null, timestamp: now, elapsedMs });
      } else {
        const { alarm, change } = elapse(desk.alarm, delaysOf(desk.rule), elapsedMs);
        desk.alarm = alarm;
        this.#report(desk.rule, change);
      }
    }
  }

  /** The rule has other limits now. */
  setRule(rule: Rule): void {
    const desk = this.#desks.get(rule.id);
    if (desk !== undefined) this.#desks.set(rule.id, { rule, alarm: ruleChanged(desk.alarm) });
  }

  #judge(desk: Desk, judgement: Parameters<typeof judge>[2]): void {
    const { alarm, change } = judge(desk.alarm, delaysOf(desk.rule), judgement);
    desk.alarm = alarm;
    this.#report(desk.rule, change);
  }

  #report(rule: Rule, change: AlarmChange | undefined): void {
    if (change === undefined) return;
    const { sensor, onEvent } = this.#ports;
    const limit = limitOf(rule, change.value);
    const { state, value, timestamp, since } = change;
    onEvent({
      sensor: sensor.id,
      rule: rule.id,
      state,
      severity: rule.severity,
      value,
      ...(limit !== undefined && { limit }),
      unit: sensor.unit,
      timestamp,
      since,
      message: alarmMessage(rule, state, sensor),
    });
  }
}
