import {
  type Ack,
  buildTopic,
  encodeAck,
  LEGACY_SIMULATE_TOPIC,
  parseCommandArgs,
  parseStreamName,
  type Stream,
} from "@fieldmesh/protocol";
import {
  type ConsumerNode,
  type Log,
  type MqttLink,
  NotConnectedError,
  type StreamConsumer,
} from "@fieldmesh/runtime";
import type { AlarmBook } from "./alarms/book.js";
import type { Live } from "./live.js";

/** A request that cannot be carried out as it stands; becomes a problem document. */
export class ActionError extends Error {
  readonly code: string;
  readonly status: number;
  readonly field: string | undefined;

  constructor(status: number, code: string, message: string, field?: string) {
    super(message);
    this.name = "ActionError";
    this.status = status;
    this.code = code;
    this.field = field;
  }
}

/** A broker passes an empty birth on to us within this time, or not at all. */
const REMOVAL_MS = 5_000;

export interface ActionsOptions {
  consumer: Pick<StreamConsumer, "node" | "request">;
  /** In the order in which the consumer has them. */
  links: readonly MqttLink[];
  alarms: AlarmBook;
  live: Live;
  clock: () => number;
  /** Who did what. */
  log: Log;
}

/** What people do to nodes and alarms through the dashboard: everything that is published. */
export class Actions {
  readonly #options: ActionsOptions;

  constructor(options: ActionsOptions) {
    this.#options = options;
  }

  /**
   * Acknowledges exactly one raise of an alarm, for every consumer.
   * @throws ActionError when that raise does not stand.
   */
  async acknowledge(
    request: { key: string; boot: number; seq: number; note?: string | undefined },
    by: string,
  ): Promise<Ack> {
    const { alarms, clock } = this.#options;
    const standing = alarms.standing(request.key);
    if (standing === undefined) {
      throw new ActionError(404, "alarm_unknown", "no such alarm stands: it was cleared meanwhile", "key");
    }
    const { event } = standing;
    if (event.boot !== request.boot || event.seq !== request.seq) {
      throw new ActionError(
        409,
        "alarm_newer",
        "the alarm was cleared and raised again: look at it first",
        "seq",
      );
    }
    const ack: Ack = {
      boot: event.boot,
      seq: event.seq,
      by,
      at: clock(),
      ...(request.note === undefined || request.note === "" ? {} : { note: request.note }),
    };
    const stream = streamOfKey(request.key);
    await publish(
      this.#linkOf(stream),
      buildTopic({ kind: "ack", ...stream, rule: event.rule }),
      encodeAck(ack),
      true,
    );
    alarms.acknowledge(stream, event.rule, ack);
    this.#options.log.info({ by, alarm: request.key, boot: ack.boot, seq: ack.seq }, "alarm acknowledged");
    return ack;
  }

  /**
   * Sends a command and waits for the result that the node replies with.
   * @throws ActionError, or what `StreamConsumer.request` throws
   */
  async command(
    target: { domain: string; node: string; name: string },
    args: unknown,
    by: string,
  ): Promise<unknown> {
    const { consumer, clock } = this.#options;
    const parsed = parseCommandArgs(target.name, args);
    if (!parsed.ok) throw new ActionError(422, "args", parsed.detail, parsed.field);
    const node = this.#node(target);
    this.#options.log.info({ by, ...target }, "command sent");
    if (!node.legacy) return await consumer.request({ ...target, by }, parsed.value.args);
    // Older publishers know one command, on a topic of its own, and answer nothing.
    if (parsed.value.name !== "simulate") {
      const detail = `${target.domain}/${target.node} has no birth: it takes no command but simulate`;
      throw new ActionError(422, "no_commands", detail, "name");
    }
    const payload = JSON.stringify({
      type: parsed.value.args.type,
      timestamp: new Date(clock()).toISOString(),
    });
    await publish(this.#linkOf(target), LEGACY_SIMULATE_TOPIC, payload, false);
    return { sensors: [...node.streams.keys()] };
  }

  /**
   * Removes a node for good: empties its retained topics, so that nobody hears of it again.
   * @throws ActionError when it is online and would come back, or the broker did not take it.
   */
  async removeNode(domain: string, node: string, by: string): Promise<{ removed: string[] }> {
    const { alarms } = this.#options;
    if (this.#node({ domain, node }).presence.presence === "online") {
      const detail = `${domain}/${node} is online and would come back: end it first`;
      throw new ActionError(409, "node_online", detail, "node");
    }
    const link = this.#linkOf({ domain, node });
    const { events, acks } = alarmTopics(alarms.keysOf(domain, node));
    // The birth last: without it nobody would show what an interrupted run has left.
    const own = (["stats", "status", "birth"] as const).map((kind) => buildTopic({ kind, domain, node }));
    for (const topic of [...events, ...own]) await publish(link, topic, "", true);
    await this.#gone(domain, node);
    for (const topic of acks) await publish(link, topic, "", true);
    const removed = [...events, ...own, ...acks];
    this.#options.log.info({ by, domain, node, topics: removed.length }, "node removed");
    return { removed };
  }

  /** Removes what a sensor left behind: alarms, acknowledgements, its window. */
  async removeSensor(stream: Stream, by: string): Promise<{ removed: string[] }> {
    const { alarms, live } = this.#options;
    const { domain, node, sensor } = stream;
    const record = this.#node(stream);
    const declared = record.birth?.sensors.some(({ id }) => id === sensor) === true;
    if (!declared && !record.streams.has(sensor)) {
      throw new ActionError(
        404,
        "sensor_unknown",
        `there is no sensor ${domain}/${node}/${sensor}`,
        "sensor",
      );
    }
    if (declared && record.presence.presence === "online") {
      const detail = `${domain}/${node} has this sensor in its configuration: take it out there first`;
      throw new ActionError(409, "sensor_declared", detail, "sensor");
    }
    const link = this.#linkOf(stream);
    const { events, acks } = alarmTopics(alarms.keysOf(domain, node, sensor));
    const removed = [...events, ...acks];
    for (const topic of removed) await publish(link, topic, "", true);
    live.forgetSensor(stream);
    this.#options.log.info({ by, ...stream, topics: removed.length }, "sensor removed");
    return { removed };
  }

  /** An empty birth comes back to us, and the consumer forgets the node; MQTT says no other way that it may. */
  async #gone(domain: string, node: string): Promise<void> {
    const { consumer } = this.#options;
    const deadline = performance.now() + REMOVAL_MS;
    while (consumer.node(domain, node) !== undefined) {
      if (performance.now() > deadline) {
        const detail =
          "the broker did not take it: the dashboard's broker user may not empty topics of nodes";
        throw new ActionError(502, "not_removed", `${detail} (role service may)`);
      }
      await new Promise((proceed) => setTimeout(proceed, 20));
    }
  }

  #node({ domain, node }: { domain: string; node: string }): ConsumerNode {
    const record = this.#options.consumer.node(domain, node);
    if (record !== undefined) return record;
    throw new ActionError(404, "node_unknown", `there is no node ${domain}/${node}`, "node");
  }

  /** To the broker that the node speaks through; to the first where it is not known (a promise's alarm). */
  #linkOf({ domain, node }: { domain: string; node: string }): MqttLink {
    const { links, consumer } = this.#options;
    const link = links[consumer.node(domain, node)?.link ?? 0];
    if (link === undefined) throw new NotConnectedError();
    return link;
  }
}

async function publish(link: MqttLink, topic: string, payload: string, retain: boolean): Promise<void> {
  await link.publish(topic, payload, { qos: 1, retain });
}

function alarmTopics(keys: readonly string[]): { events: string[]; acks: string[] } {
  const topics: { events: string[]; acks: string[] } = { events: [], acks: [] };
  for (const key of keys) {
    const stream = streamOfKey(key);
    const rule = key.slice(key.indexOf("/") + 1);
    topics.acks.push(buildTopic({ kind: "ack", ...stream, rule }));
    // Nobody publishes that a node is offline or silent: only the acknowledgement is there to be emptied.
    if (stream.sensor !== "node") topics.events.push(buildTopic({ kind: "event", ...stream, rule }));
  }
  return topics;
}

/** `{stream}/{rule}`, as the book makes its keys; `node` stands for the node itself. */
function streamOfKey(key: string): Stream {
  const name = key.slice(0, key.indexOf("/"));
  const parsed = parseStreamName(name);
  if (parsed.ok) return parsed.value;
  const [domain = "", node = "", sensor = ""] = name.split("_");
  return { domain, node, sensor };
}
