import { readFile } from "node:fs/promises";
import http from "node:http";
import https from "node:https";
import type { Secret } from "@fieldmesh/runtime/config-file/secret";
import type { Fields } from "../config/fields.js";
import {
  type Driver,
  type DriverContext,
  DriverError,
  type DriverModule,
  OptionError,
  reasonOf,
  type SensorDefaults,
  type Zod,
} from "./driver.js";
import { payloadValue } from "./payload.js";
import { resolveSecret } from "./secret.js";

function options(z: Zod, fields: Fields) {
  return z.strictObject({
    url: z
      .string("an http:// or https:// address")
      .regex(/^https?:\/\//, "an http:// or https:// address")
      .max(2_048)
      .meta({ description: "Asked with GET at each interval. Redirects are not followed." }),
    path: fields.path().optional().meta({ description: "Into its JSON. Default: the answer is the value." }),
    values: fields.values().optional(),
    headers: z
      .record(
        z.string().regex(/^[\w-]+$/, "the name of a header"),
        z.union([z.string(), fields.secret()], "a text, {env: NAME} or {file: PATH}"),
      )
      .default({})
      .meta({ description: 'Authorization: { env: TOKEN, prefix: "Bearer " }' }),
    timeout: fields.duration(10, 600_000).default(10_000).meta({ description: "For the whole answer." }),
    maxBytes: fields.size(1, 16_777_216).default(1_048_576).meta({ description: "Of the answer." }),
    ca: fields.file("a path to a file").optional().meta({
      description:
        "PEM file of the authority that signed the device's certificate. A relative path starts in this file's folder.",
    }),
  });
}

type Options = ReturnType<typeof options>["_zod"]["output"];

function defaults({ url }: Options): SensorDefaults {
  if (!URL.canParse(url)) throw new OptionError("url", url, "an http:// or https:// address");
  const { username, password } = new URL(url);
  if (username !== "" || password !== "") {
    // It would stand in logs and in reasons of bad readings.
    throw new OptionError("url", "…", "no user and password in the address: give an Authorization header");
  }
  return { intervalMs: 10_000 };
}

function open(chosen: Options, context: DriverContext): Promise<Driver> {
  const url = new URL(chosen.url);
  return Promise.resolve({
    readLimitMs: chosen.timeout + 5_000, // its own limit comes first
    async read(signal) {
      const limit = AbortSignal.timeout(chosen.timeout);
      const text = await get(url, chosen, AbortSignal.any([signal, limit])).catch((cause: unknown) => {
        signal.throwIfAborted();
        if (cause instanceof DriverError) throw cause;
        const why = limit.aborted ? `no answer within ${chosen.timeout / 1_000} s` : reasonOf(cause);
        throw new DriverError(`${url.origin}: ${why}`, { cause });
      });
      const value = payloadValue(text, chosen, context.sensor.valueType);
      if (value === undefined) throw new DriverError(`the answer has nothing at ${chosen.path ?? ""}`);
      return { value };
    },
    close: () => Promise.resolve(), // no connection outlives its read
  });
}

async function get(url: URL, chosen: Options, signal: AbortSignal): Promise<string> {
  const headers: Record<string, string> = { accept: "application/json, text/plain;q=0.9, */*;q=0.1" };
  for (const [name, value] of Object.entries<string | Secret>(chosen.headers)) {
    headers[name] = typeof value === "string" ? value : await resolveSecret(value);
  }
  const ca = chosen.ca === undefined ? undefined : await readFile(chosen.ca);
  const response = await new Promise<http.IncomingMessage>((resolve, reject) => {
    // No agent: a read a minute is not worth a connection that may have died since.
    const settings = { headers, signal, agent: false as const };
    const request =
      url.protocol === "https:"
        ? https.get(url, ca === undefined ? settings : { ...settings, ca }, resolve)
        : http.get(url, settings, resolve);
    request.once("error", reject);
  });
  try {
    const { statusCode = 0, statusMessage = "" } = response;
    if (statusCode >= 300 && statusCode < 400) {
      throw new DriverError(
        `${url.origin}: it has moved to ${response.headers.location ?? "nowhere"}: give that address`,
      );
    }
    if (statusCode < 200 || statusCode > 299) {
      throw new DriverError(`${url.origin}: HTTP ${statusCode} ${statusMessage}`.trimEnd());
    }
    const chunks: Buffer[] = [];
    let bytes = 0;
    for await (const chunk of response as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > chosen.maxBytes) throw new DriverError(`${url.origin}: more than ${chosen.maxBytes} bytes`);
      chunks.push(chunk);
    }
    return Buffer.concat(chunks).toString("utf8");
  } finally {
    response.destroy();
  }
}

export const driver: DriverModule<Options> = { options, defaults, open };
