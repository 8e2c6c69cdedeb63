import { createHmac } from "node:crypto";
import type { Channel } from "./channel.js";
import { httpPost } from "./http-post.js";
import type { Notification } from "./notification.js";

export interface WebhookOptions {
  url: string;
  headers: Readonly<Record<string, string>>;
  /** Key of the signature. */
  secret?: string | undefined;
  timeoutMs: number;
  /** Where a person finds the alarm. */
  link?: string | undefined;
}

/** Posts the notification as JSON; signed, a receiver can check that it came from here. */
export function createWebhook(options: WebhookOptions): Channel {
  return {
    async send(notification: Notification): Promise<void> {
      const { link } = options;
      const body = JSON.stringify({ ...notification, ...(link === undefined ? {} : { link }) });
      const signature =
        options.secret === undefined
          ? undefined
          : createHmac("sha256", options.secret).update(body).digest("hex");
      await httpPost(
        options.url,
        body,
        {
          ...options.headers,
          "content-type": "application/json",
          "user-agent": "fieldmesh-dashboard",
          ...(signature === undefined ? {} : { "x-fieldmesh-signature": `sha256=${signature}` }),
        },
        options.timeoutMs,
      );
    },
    close() {},
  };
}
