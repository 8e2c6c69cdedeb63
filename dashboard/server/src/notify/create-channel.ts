import type { Secret } from "../config/fields.js";
import { readSecret } from "../config/read-secret.js";
import type { ChannelConfig } from "../config/schema.js";
import type { Channel } from "./channel.js";
import { createEmail } from "./email.js";
import { createNtfy } from "./ntfy.js";
import { createWebhook } from "./webhook.js";

/**
 * Makes a channel as configured, its secrets read.
 * @throws SecretError when one is not there.
 */
export async function createChannel(
  config: ChannelConfig,
  env: Readonly<Record<string, string | undefined>>,
  link: string | undefined,
): Promise<Channel> {
  const optional = async (field: string, secret: Secret | undefined): Promise<string | undefined> =>
    secret === undefined ? undefined : await readSecret(`channel ${config.name}: ${field}`, secret, env);
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
