import {
  buildTopic,
  COMMAND_NAMES,
  type CommandArgs,
  encodeReply,
  parseCommandArgs,
  parseMessage,
  type Reply,
  SIMULATIONS,
} from "@fieldmesh/protocol";
import type { Log, MqttLink } from "@fieldmesh/runtime";
import type { Clock } from "../clock.js";
import type { SensorConfig } from "../config/types.js";
import { respondsTo } from "../drivers/simulated.js";
import type { Sensor } from "../sensors/sensor.js";
import { changeRule } from "./change-rule.js";
import { CommandError } from "./command-error.js";
import type { Overrides } from "./overrides.js";
import type { Resend } from "./resend.js";

export interface CommandDeskPorts {
  domain: string;
  node: string;
  link: MqttLink;
  clock: Clock;
  logger: Log;
  sensors: ReadonlyMap<string, Sensor>;
  /** As the file has them, before any command. */
  configured: ReadonlyMap<string, SensorConfig>;
  overrides: Overrides;
  resend: Resend;
  /** A setting has changed: the birth is another. */
  onChanged: () => void;
}

/** Commands carried out at once; a flood of them must not fill the memory. */
const MAX_RUNNING = 300;

/** Takes commands from the network, checks them, carries them out and answers. */
export class CommandDesk {
  readonly #ports: CommandDeskPorts;
  #running = 0;

  constructor(ports: CommandDeskPorts) {
    this.#ports = ports;
  }

  /** What to subscribe to. */
  get filter(): string {
    const { domain, node } = this.#ports;
    return buildTopic({ kind: "command", domain, node, name: "+" });
  }

  /** A message of a command topic. Payloads are anything: what has no id cannot be answered, and is logged. */
  receive(topic: string, payload: Buffer, retain: boolean): void {
    const receivedAt = this.#ports.clock.now();
    const parsed = parseMessage(topic, payload, { now: receivedAt, retain });
    if (!parsed.ok || parsed.value.kind !== "command") {
      const detail = parsed.ok ? "no command" : parsed.detail;
      this.#ports.logger.warn({ topic, detail }, "a command that cannot be answered was dropped");
      return;
    }
    const { name, command } = parsed.value;
    if (this.#running >= MAX_RUNNING) {
      this.#ports.logger.warn({ topic, id: command.id }, "too many commands at once; this one was dropped");
      return;
    }
    this.#running += 1;
    void this.#answer(name, command.id, () => this.#run(name, command.args, command.by, receivedAt)).finally(
      () => {
        this.#running -= 1;
      },
    );
  }

  /** Never rejects. */
  async #answer(name: string, id: string, run: () => Promise<unknown>): Promise<void> {
    const { domain, node, link, logger } = this.#ports;
    let reply: Reply;
    try {
      reply = { id, ok: true, result: await run() };
    } catch (error) {
      reply = { id, ok: false, error: errorOf(error) };
      logger.warn({ command: name, id, ...reply.error }, "a command was not carried out");
    }
    try {
      // A name outside the topics' grammar never comes here: the parser refused it.
      await link.publish(buildTopic({ kind: "reply", domain, node, name }), encodeReply(reply), { qos: 1 });
    } catch (error) {
      logger.debug({ err: error, command: name, id }, "the reply was not acknowledged");
    }
  }

  async #run(name: string, raw: unknown, by: string, receivedAt: number): Promise<unknown> {
    const parsed = parseCommandArgs(name, raw);
    if (!parsed.ok) {
      const known = (COMMAND_NAMES as readonly string[]).includes(name);
      throw new CommandError(known ? "bad_args" : "unknown_command", parsed.detail, parsed.field);
    }
    return this.#carryOut(parsed.value, by, receivedAt);
  }

  async #carryOut(command: CommandArgs, by: string, receivedAt: number): Promise<unknown> {
    const { clock, logger } = this.#ports;
    if (command.name !== "time" && command.name !== "resend") {
      logger.info({ command: command.name, args: command.args, by }, "command");
    }
    switch (command.name) {
      case "time":
        return { receivedAt, sentAt: clock.now() };
      case "set-interval":
        return this.#setInterval(command.args, by);
      case "set-rule":
        return this.#setRule(command.args, by);
      case "read-now":
        return this.#readNow(command.args);
      case "simulate":
        return this.#simulate(command.args);
      case "restart-sensor":
        await this.#sensor(command.args.sensor).restart();
        return { sensor: command.args.sensor };
      case "resend":
        return this.#ports.resend.request(command.args);
    }
  }

  #setInterval({ sensor: id, intervalMs }: { sensor: string; intervalMs: number }, by: string): unknown {
    const sensor = this.#sensor(id);
    const replaced = sensor.config.intervalMs;
    sensor.setInterval(intervalMs);
    const configured = this.#ports.configured.get(id)?.intervalMs ?? replaced;
    this.#keep({ sensor: id, setting: "intervalMs", configured, value: intervalMs, by });
    return { intervalMs, replaced };
  }

  #setRule(args: { sensor: string; rule: string; set: Record<string, unknown> }, by: string): unknown {
    const sensor = this.#sensor(args.sensor);
    const rule = sensor.config.rules.find((other) => other.id === args.rule);
    if (rule === undefined) {
      const there = sensor.config.rules.map((other) => other.id).join(", ");
      throw new CommandError("unknown_rule", `${args.sensor} has the rules: ${there || "none"}`, "rule");
    }
    const changed = changeRule(rule, args.set, sensor.config.valueType);
    sensor.setRule(changed);
    const configured = this.#ports.configured.get(args.sensor)?.rules.find((other) => other.id === args.rule);
    this.#keep({
      sensor: args.sensor,
      setting: `rules.${args.rule}`,
      configured: plain(configured ?? rule),
      value: plain(changed),
      by,
    });
    return { rule: changed };
  }

  #readNow({ sensor }: { sensor?: string }): unknown {
    const sensors = sensor === undefined ? [...this.#ports.sensors.values()] : [this.#sensor(sensor)];
    for (const one of sensors) one.readNow();
    return { sensors: sensors.map((one) => one.config.id) };
  }

  #simulate({ type, sensor }: Extract<CommandArgs, { name: "simulate" }>["args"]): unknown {
    const asked = sensor === undefined ? [...this.#ports.sensors.values()] : [this.#sensor(sensor)];
    const sensors = asked.filter((one) => respondsTo(one.config, type));
    if (sensors.length === 0) {
      const who = sensor === undefined ? "no sensor of this node can" : `${sensor} cannot`;
      const what = type === "reset" ? "a simulated fault" : type;
      const able = SIMULATIONS.filter(
        (fault) => fault !== "reset" && asked.some((one) => respondsTo(one.config, fault)),
      );
      const instead = able.length === 0 ? "" : `; expected ${able.join(" or ")}`;
      throw new CommandError(
        "not_simulated",
        `${who} show ${what}${instead}`,
        able.length === 0 ? "sensor" : "type",
      );
    }
    for (const one of sensors) one.simulate(type);
    return { sensors: sensors.map((one) => one.config.id) };
  }

  #sensor(id: string): Sensor {
    const sensor = this.#ports.sensors.get(id);
    if (sensor === undefined) {
      const there = [...this.#ports.sensors.keys()].join(", ");
      throw new CommandError("unknown_sensor", `this node has the sensors: ${there}`, "sensor");
    }
    return sensor;
  }

  #keep(change: { sensor: string; setting: string; configured: unknown; value: unknown; by: string }): void {
    this.#ports.overrides.set({ ...change, at: this.#ports.clock.now() });
    this.#ports.onChanged();
  }
}

/** Without the keys that are undefined, as the kept file has it. */
function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value)) as unknown;
}

function errorOf(error: unknown): { code: string; message: string; field?: string } {
  if (error instanceof CommandError) {
    const { code, message, field } = error;
    return field === undefined ? { code, message } : { code, message, field };
  }
  return { code: "failed", message: error instanceof Error ? error.message : String(error) };
}
