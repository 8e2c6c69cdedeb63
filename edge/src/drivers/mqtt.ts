import type { Fields } from "../config/fields.js";
import {
  type Driver,
  type DriverContext,
  DriverError,
  type DriverModule,
  OptionError,
  reasonOf,
  type Sample,
  type SensorDefaults,
  type Zod,
} from "./driver.js";
import { parseJsonPath, readJsonPath } from "./json-path.js";
import { payloadValue } from "./payload.js";
import { resolveSecret } from "./secret.js";
import { parseTime } from "./time.js";

/** A connection may take this long to come, or to come back, before it is a fault. */
const TROUBLE_AFTER_MS = 10_000;
/** Larger than any device's report: a picture on the wrong topic is not parsed. */
const MAX_PAYLOAD_BYTES = 262_144;

function options(z: Zod, fields: Fields) {
  return z.strictObject({
    topic: z
      .string("a topic")
      .min(1)
      .max(1_024)
      .regex(/^[^+#\0]+$/, "one topic, without + and #: a sensor is one device")
      .meta({ description: "Where the device reports, as zigbee2mqtt/attic." }),
    path: fields.path().optional().meta({ description: "Into its JSON. Default: the payload is the value." }),
    values: fields.values().optional(),
    time: fields
      .path()
      .optional()
      .meta({ description: "Path to when it was measured: ISO 8601, or Unix time in s or ms." }),
    retained: z.enum(["use", "ignore"]).default("use").meta({
      description: 'A retained message may be old: its reading is "uncertain" unless it has a time.',
    }),
    maxAge: fields
      .duration(1_000)
      .default(7_200_000)
      .meta({ description: "Silent for longer than this, the device counts as lost. Default 2h." }),
    url: z
      .string("the address of a broker, as mqtt://host:1883")
      .regex(
        /^(mqtts?|wss?):\/\/[^/@\s]+/,
        "the address of a broker, as mqtt://host:1883, without a password",
      )
      .optional()
      .meta({ description: "Default: MQTT_URL, the node's own broker." }),
    username: z.string("a text").min(1).optional(),
    password: fields.secret().optional(),
    ca: fields.file("a path to a file").optional().meta({
      description:
        "PEM file of the authority that signed the broker's certificate. A relative path starts in this file's folder.",
    }),
    qos: z.union([z.literal(0), z.literal(1)], "0 or 1").default(1),
  });
}

type Options = ReturnType<typeof options>["_zod"]["output"];

function defaults(chosen: Options): SensorDefaults {
  if (chosen.time !== undefined && chosen.path === undefined) {
    throw new OptionError("time", chosen.time, "a path beside it: both lead into the same JSON");
  }
  if (chosen.password !== undefined && chosen.username === undefined) {
    throw new OptionError("username", undefined, "a username beside the password");
  }
  return { intervalMs: Math.min(30_000, chosen.maxAge), maxSilenceMs: chosen.maxAge };
}

async function open(chosen: Options, context: DriverContext): Promise<Driver> {
  const { domain, node, sensor } = context;
  if (chosen.topic === `${domain}/${node}/${sensor.id}/raw`) {
    throw new DriverError(`${chosen.topic} is where this sensor publishes: it would hear itself`);
  }
  let latest: Sample | undefined;
  let heardMs = context.clock.monotonic();
  let troubleSinceMs: number | undefined = context.clock.monotonic();
  /** Messages since the last value that had nothing at the path: what a mistyped path shows as. */
  let empty = 0;
  const { openSource } = await import("./mqtt-source.js");
  const own = chosen.url === undefined;
  const broker = own ? context.broker : undefined;
  const url = chosen.url ?? broker?.url ?? "mqtt://127.0.0.1:1883";
  const source = await openSource(
    {
      url,
      topic: chosen.topic,
      qos: chosen.qos,
      clientId: `fm_${domain}_${node}_${sensor.id}`,
      username: chosen.username ?? broker?.username,
      password: chosen.password
        ? await resolveSecret(chosen.password)
        : chosen.username === undefined
          ? broker?.password
          : undefined,
      ca: chosen.ca ?? broker?.ca,
    },
    receive,
  );
  function receive(payload: Buffer, { retain }: { retain: boolean }): void {
    if (retain && chosen.retained === "ignore") return;
    const sample = sampleOf(payload, retain);
    if (sample === undefined) return;
    heardMs = context.clock.monotonic();
    empty = 0;
    latest = { timestamp: context.clock.now(), ...sample };
    context.emit(sample);
  }

  function sampleOf(payload: Buffer, retain: boolean): Sample | undefined {
    try {
      if (payload.length > MAX_PAYLOAD_BYTES) throw new DriverError(`a message of ${payload.length} bytes`);
      const text = payload.toString("utf8");
      const value = payloadValue(text, chosen, sensor.valueType);
      if (value === undefined) {
        empty += 1;
        return undefined;
      }
      const timestamp = chosen.time === undefined ? undefined : timeIn(text, chosen.time);
      if (timestamp === undefined) {
        return retain ? { value, quality: "uncertain", reason: "retained: it may be old" } : { value };
      }
      const ageMs = context.clock.now() - timestamp;
      if (ageMs <= chosen.maxAge) return { value, timestamp };
      return {
        value,
        timestamp,
        quality: "uncertain",
        reason: `measured ${Math.round(ageMs / 1_000)} s ago`,
      };
    } catch (error) {
      return { value: null, quality: "bad", reason: reasonOf(error) };
    }
  }

  return {
    read(signal) {
      signal.throwIfAborted();
      const now = context.clock.monotonic();
      const trouble = source.trouble();
      if (trouble !== undefined) {
        troubleSinceMs ??= now;
        if (now - troubleSinceMs < TROUBLE_AFTER_MS) return Promise.resolve(undefined);
        return Promise.reject(new DriverError(`${url}: ${trouble}`));
      }
      troubleSinceMs = undefined;
      if (now - heardMs <= chosen.maxAge) return Promise.resolve(undefined);
      heardMs = now; // told once; then again after as long a silence
      latest = undefined;
      const missed = empty === 0 ? "" : `; ${empty} messages had nothing at ${chosen.path ?? ""}`;
      return Promise.reject(
        new DriverError(`nothing on ${chosen.topic} for ${chosen.maxAge / 1_000} s${missed}`),
      );
    },
    latest: () => latest,
    close: () => source.close(),
  };
}

function needsBroker({ url }: Options): boolean {
  return url === undefined;
}

function timeIn(text: string, path: string): number | undefined {
  const steps = parseJsonPath(path);
  const found = steps === undefined ? undefined : readJsonPath(JSON.parse(text), steps);
  return typeof found === "number" || typeof found === "string" ? parseTime(String(found)) : undefined;
}

export const driver: DriverModule<Options> = { options, defaults, needsBroker, open };
