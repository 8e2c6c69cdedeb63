import type { Clock } from "../clock.js";
import {
  type Driver,
  type DriverContext,
  DriverError,
  type DriverModule,
  reasonOf,
  type Sample,
} from "../drivers/driver.js";
import { type FromWorker, HEARTBEAT_MS, type ToWorker, type WorkerStart } from "../worker-messages.js";
import { type Conditioned, condition } from "./condition.js";
import { Deadband } from "./deadband.js";
import { Judge } from "./judge.js";
import { Ticker } from "./ticker.js";

/** A driver without a limit of its own is given up on after this; see `Driver.readLimitMs`. */
const READ_LIMIT_MS = 30_000;
/** A driver that has not ended an aborted read by then is broken: the worker asks to be replaced. */
const ABORT_LIMIT_MS = 5_000;
/** Silence that a deadband may make when the configuration names none. */
const MAX_SILENCE_MS = 60_000;

/** What the run needs of the world. */
export interface SensorRunPorts {
  clock: Clock;
  post(message: FromWorker): void;
  loadDriver(kind: string): Promise<DriverModule<Record<string, unknown>>>;
}

/** One sensor from its driver to its readings: reads at its interval, conditions, judges, reports. */
export class SensorRun {
  readonly #start: WorkerStart;
  readonly #ports: SensorRunPorts;
  readonly #judge: Judge;
  readonly #deadband: Deadband;
  readonly #ticker: Ticker;
  readonly #context: DriverContext;
  readonly #stopping = new AbortController();
  #heartbeat: NodeJS.Timeout | undefined;
  #driver: Driver | undefined;
  #reading: Promise<void> | undefined;
  #skipped = 0;
  /** Makes the monotonic clock comparable with the times of drivers that have their own. */
  readonly #epochMs: number;
  #ruleTimeMs = -Infinity;
  #forceNext = false;
  #simulation: WorkerStart["simulation"];
  #lastGood: { value: number | boolean; timestamp: number } | undefined;

  constructor(start: WorkerStart, ports: SensorRunPorts) {
    const { sensor } = start;
    this.#start = start;
    this.#epochMs = ports.clock.now() - ports.clock.monotonic();
    this.#ports = ports;
    this.#judge = new Judge(sensor.rules);
    this.#deadband = new Deadband(sensor.deadband, sensor.maxSilenceMs ?? MAX_SILENCE_MS);
    this.#ticker = new Ticker(() => this.#tick(), ports.clock);
    this.#simulation = start.simulation;
    this.#context = {
      domain: start.domain,
      node: start.node,
      sensor: { ...sensor },
      clock: ports.clock,
      broker: start.broker,
      emit: (sample) => {
        if (!this.#stopping.signal.aborted) this.#take(sample);
      },
      onProgram: (group) => {
        if (start.programGroup !== undefined) Atomics.store(start.programGroup, 0, group);
      },
    };
  }

  start(): void {
    this.#beat();
    this.#heartbeat = setInterval(() => this.#beat(), HEARTBEAT_MS);
    this.#ticker.start(this.#start.sensor.intervalMs);
  }

  receive(message: ToWorker): void {
    switch (message.type) {
      case "set-interval":
        this.#context.sensor.intervalMs = message.intervalMs;
        this.#ticker.setInterval(message.intervalMs);
        return;
      case "set-rule":
        this.#judge.setRule(message.rule);
        this.#judgeAnew(message.rule.id);
        return;
      case "read-now":
        this.#forceNext = true;
        this.#reading ??= this.#read();
        return;
      case "simulate":
        this.#simulation = message.fault === "reset" ? undefined : message.fault;
        this.#driver?.simulate?.(message.fault);
        return;
      case "stop":
        return; // the thread's: it ends after stop()
    }
  }

  /** Ends the read that is going on and closes the driver. Nothing is posted after it. */
  async stop(): Promise<void> {
    this.#stopping.abort(new DriverError("the sensor is being stopped"));
    clearInterval(this.#heartbeat);
    this.#ticker.stop();
    await this.#reading;
    await this.#driver?.close();
  }

  #beat(): void {
    this.#ports.post({ type: "heartbeat", skipped: this.#ticker.skipped + this.#skipped });
  }

  #tick(): void {
    if (this.#reading === undefined) this.#reading = this.#read();
    else this.#skipped += 1;
  }

  /** Never rejects: what fails becomes a bad reading. */
  async #read(): Promise<void> {
    try {
      this.#driver ??= await this.#open();
      const sample = await this.#limited(this.#driver);
      const latest = sample ?? (this.#forceNext ? this.#driver.latest?.() : undefined);
      if (!this.#stopping.signal.aborted && latest !== undefined) this.#take(latest);
    } catch (error) {
      if (!this.#stopping.signal.aborted) {
        this.#take({ value: null, quality: "bad", reason: reasonOf(error) });
      }
    } finally {
      this.#reading = undefined;
    }
  }

  async #open(): Promise<Driver> {
    const { kind, options } = this.#start.sensor.driver;
    const module = await this.#ports.loadDriver(kind);
    const driver = await module.open(options, this.#context);
    if (this.#simulation !== undefined) driver.simulate?.(this.#simulation);
    return driver;
  }

  /** A read that ends, one way or the other, within the driver's limit and the time given to an abort. */
  async #limited(driver: Driver): Promise<Sample | undefined> {
    const limitMs = driver.readLimitMs ?? READ_LIMIT_MS;
    const stop = new AbortController();
    const onStop = (): void => stop.abort(this.#stopping.signal.reason);
    if (this.#stopping.signal.aborted) onStop();
    this.#stopping.signal.addEventListener("abort", onStop, { once: true });
    const limit = setTimeout(
      () => stop.abort(new DriverError(`no answer within ${limitMs / 1_000} s`)),
      limitMs,
    );
    let deaf: NodeJS.Timeout | undefined;
    const abandoned = new Promise<never>((_resolve, reject) => {
      stop.signal.addEventListener("abort", () => {
        deaf = setTimeout(() => {
          const reason = `the driver did not end an aborted read within ${ABORT_LIMIT_MS / 1_000} s`;
          if (!this.#stopping.signal.aborted) this.#ports.post({ type: "fatal", reason });
          reject(new DriverError(reason));
        }, ABORT_LIMIT_MS);
      });
    });
    try {
      return await Promise.race([driver.read(stop.signal), abandoned]);
    } finally {
      clearTimeout(limit);
      clearTimeout(deaf);
      this.#stopping.signal.removeEventListener("abort", onStop);
    }
  }

  #take(sample: Sample): void {
    const reading = condition(sample, this.#start.sensor);
    const timestamp = sample.timestamp ?? this.#ports.clock.now();
    const isGood = reading.quality !== "bad" && reading.value !== null;
    const verdicts = isGood
      ? this.#judge.judge(reading.value ?? 0, this.#ruleTime(sample))
      : this.#judge.unjudged();
    this.#lastGood = isGood ? { value: reading.value ?? 0, timestamp } : undefined;
    const suppressed = this.#deadband.suppresses(
      reading,
      verdicts,
      this.#ports.clock.monotonic(),
      this.#forceNext,
    );
    this.#forceNext = false;
    this.#ports.post({ type: "reading", ...withoutUndefined(reading), timestamp, verdicts, suppressed });
  }

  /** Rules look back in the sensor's own time where it has one, else in one that never steps; never backwards. */
  #ruleTime(sample?: Sample): number {
    const atMs = sample?.timestamp ?? this.#epochMs + this.#ports.clock.monotonic();
    this.#ruleTimeMs = Math.max(this.#ruleTimeMs, atMs);
    return this.#ruleTimeMs;
  }

  #judgeAnew(rule: string): void {
    if (this.#lastGood === undefined) return;
    const verdict = this.#judge.judgeOne(rule, this.#lastGood.value, this.#ruleTimeMs);
    if (verdict !== undefined) {
      this.#ports.post({ type: "judged", ...this.#lastGood, verdicts: { [rule]: verdict } });
    }
  }
}

function withoutUndefined({ value, quality, reason }: Conditioned): Conditioned {
  return { value, ...(quality && { quality }), ...(reason !== undefined && { reason }) };
}
