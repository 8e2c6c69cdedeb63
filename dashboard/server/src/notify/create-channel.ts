import { ConfigurationError } from "@fieldmesh/runtime";
import { readSecret, type Secret } from "@fieldmesh/runtime/config-file/secret";
import type { ChannelConfig } from "../config/schema.js";
import type { Channel } from "./channel.js";
import { createEmail } from "./email.js";
import { createNtfy } from "./ntfy.js";
import { createWebhook } from "./webhook.js";

/**
 * Makes a channel as configured, its secrets read.
 * @param folder what relative paths of secrets start from: that of the configuration file
 * @throws ConfigurationError naming channel and field when a secret is not there.
 */
export async function createChannel(
  config: ChannelConfig,
  env: Readonly<Record<string, string | undefined>>,
  link: string | undefined,
  folder?: string,
): Promise<Channel> {
  const optional = async (field: string, secret: Secret | undefined): Promise<string | undefined> => {
    if (secret === undefined) return undefined;
    try {
      return await readSecret(secret, env, folder);
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new ConfigurationError(`channel ${config.name}: ${field}: ${why}`, { cause });
    }
  };
  const timeoutMs = config.timeout;
  switch (config.kind) {
    case "webhook": {
      const headers: Record<string, string> = {};
      for (const [name, value] of Object.entries(config.headers)) {
        headers[name] =
          typeof value === "string" ? value : ((await optional(`headers.${name}`, value)) ?? "");
      }
      return createWebhook({
        url: config.url,
        headers,
        secret: await optional("secret", config.secret),
        timeoutMs,
        link,
      });
    }
    case "ntfy":
      return createNtfy({ url: config.url, token: await optional("token", config.token), timeoutMs, link });
    case "email":
      return createEmail({
        host: config.smtp.host,
        port: config.smtp.port,
        tls: config.smtp.tls,
        username: config.smtp.username,
        password: await optional("smtp.password", config.smtp.password),
        from: config.from,
        to: config.to,
        timeoutMs,
        link,
      });
  }
}
