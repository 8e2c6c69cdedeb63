import { SEVERITIES } from "@fieldmesh/protocol";
import { duration, secret } from "@fieldmesh/runtime/config-file/fields";
import { z } from "zod";
import { httpAddress } from "./fields.js";

/** Shown in pages and in topics of errors; also part of stored ids. */
const CHANNEL_NAME = /^[a-z0-9][a-z0-9-]{0,31}$/;

const names = z
  .array(z.string().regex(/^[a-z0-9][a-z0-9-]{0,31}$/, "a name of a-z, 0-9 and -"))
  .min(1)
  .max(100);
const severity = z.enum(SEVERITIES, `one of ${SEVERITIES.join(", ")}`);

const channelBase = {
  name: z
    .string("a name of a-z, 0-9 and -")
    .regex(CHANNEL_NAME, "a name of a-z, 0-9 and -, at most 32 characters"),
  minSeverity: severity.default("warning").meta({ description: "Alarms below it are not sent." }),
  domains: names.optional().meta({ description: "Only alarms of these domains." }),
  nodes: names.optional().meta({ description: "Only alarms of these nodes." }),
  cleared: z.boolean("true or false").default(true).meta({ description: "Also tell when an alarm is over." }),
  repeatEvery: duration(60_000, 30 * 86_400_000)
    .optional()
    .meta({ description: "Tell again this often while an alarm stands and nobody acknowledged it." }),
  timeout: duration(100, 60_000).prefault("10s"),
};

const webhook = z.strictObject({
  ...channelBase,
  kind: z.literal("webhook"),
  url: httpAddress(),
  headers: z
    .record(
      z.string().regex(/^[A-Za-z0-9-]{1,64}$/, "a header's name"),
      z.union([z.string().max(1_000), secret()]),
    )
    .default({})
    .meta({ description: "Further headers; a value may be {env: NAME} or {file: PATH}, with a prefix." }),
  secret: secret()
    .optional()
    .meta({ description: "Signs the body: X-Fieldmesh-Signature: sha256=<HMAC-SHA-256, hex>." }),
});

const ntfy = z.strictObject({
  ...channelBase,
  kind: z.literal("ntfy"),
  url: httpAddress().meta({ description: "The topic's address, as https://ntfy.sh/my-topic" }),
  token: secret().optional(),
});

const address = z
  .string("a mail address")
  .max(320)
  .regex(/^[^\s@<>,;]+@[^\s@<>,;]+$/, "a mail address");

const email = z.strictObject({
  ...channelBase,
  kind: z.literal("email"),
  smtp: z.strictObject({
    host: z.string("a host name or an address").min(1).max(253),
    port: z.int("a port, 1 to 65535").min(1).max(65_535).default(587),
    tls: z
      .enum(["starttls", "implicit", "none"], "starttls, implicit or none")
      .default("starttls")
      .meta({ description: "none only for a server on this machine or in a network that you trust." }),
    username: z.string().max(320).optional(),
    password: secret().optional(),
  }),
  from: address,
  to: z.array(address).min(1, "at least one mail address").max(50),
});

const channel = z.discriminatedUnion("kind", [webhook, ntfy, email], "kind: webhook, ntfy or email");

/** `DASHBOARD_CONFIG`. Published as JSON Schema: `dashboard.schema.json`. */
export const dashboardConfigSchema = z.strictObject({
  window: z
    .strictObject({
      length: duration(10_000, 3_600_000).prefault("5m"),
      readings: z.int("a whole number from 100 to 100000").min(100).max(100_000).default(3_000),
      streams: z.int("a whole number from 1 to 50000").min(1).max(50_000).default(5_000),
    })
    .prefault({})
    .meta({ description: "What is kept in memory of each stream for the live charts." }),
  frameEvery: duration(20, 5_000)
    .prefault("50ms")
    .meta({ description: "How often a browser that keeps up is sent what is new." }),
  browsers: z.int("a whole number from 1 to 10000").min(1).max(10_000).default(200),
  nodes: z
    .strictObject({
      offline: severity.default("critical"),
      silent: severity.default("warning"),
      after: duration(0, 86_400_000).prefault("5s"),
    })
    .prefault({})
    .meta({ description: "The alarm of a node that is offline or silent: how severe, and after how long." }),
  channels: z.array(channel, "a list of channels").max(20).default([]),
});

export type DashboardConfig = z.infer<typeof dashboardConfigSchema>;
export type ChannelConfig = DashboardConfig["channels"][number];
