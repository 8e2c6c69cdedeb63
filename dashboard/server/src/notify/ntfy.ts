import type { Severity } from "@fieldmesh/protocol";
import type { Channel } from "./channel.js";
import { httpPost } from "./http-post.js";
import { bodyOf, groupBodyOf, groupTitleOf, type Notification, titleOf, worstOf } from "./notification.js";

export interface NtfyOptions {
  /** Address of the topic: `https://ntfy.sh/my-topic`. */
  url: string;
  token?: string | undefined;
  timeoutMs: number;
  /** Opened by a touch on the notification. */
  link?: string | undefined;
}

/** ntfy knows 1 (min) to 5 (max); 3 is its default, 5 breaks through "do not disturb". */
const PRIORITIES: Record<Severity, number> = { info: 3, warning: 4, critical: 5 };
const TAGS: Record<Severity, string> = {
  info: "information_source",
  warning: "warning",
  critical: "rotating_light",
};

/**
 * Publishes to an ntfy topic, as JSON to the server's root: its headers could not carry every text.
 */
export function createNtfy(options: NtfyOptions): Channel {
  const address = new URL(options.url);
  const topic = decodeURIComponent(address.pathname.split("/").at(-1) ?? "");
  const root = new URL("./", address).href;
  const post = (title: string, message: string, severity: Severity | "over"): Promise<void> =>
    httpPost(
      root,
      JSON.stringify({
        topic,
        title,
        message,
        priority: severity === "over" ? 3 : PRIORITIES[severity],
        tags: [severity === "over" ? "white_check_mark" : TAGS[severity]],
        ...(options.link === undefined ? {} : { click: options.link }),
      }),
      {
        "content-type": "application/json",
        ...(options.token === undefined ? {} : { authorization: `Bearer ${options.token}` }),
      },
      options.timeoutMs,
    );
  return {
    send: (notification) =>
      post(
        titleOf(notification),
        bodyOf(notification, undefined),
        isOver(notification) ? "over" : notification.severity,
      ),
    sendGroup: (notifications) =>
      post(
        groupTitleOf(notifications),
        groupBodyOf(notifications, undefined),
        notifications.every(isOver) ? "over" : worstOf(notifications.filter((one) => !isOver(one))),
      ),
    close() {},
  };
}

function isOver({ what }: Notification): boolean {
  return what === "cleared" || what === "test";
}
