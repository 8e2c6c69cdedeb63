import { UsageError } from "../exit.js";

const MAX_TOPIC_BYTES = 65_535; // [MQTT-4.7.3-3]

function checkCommon(kind: string, text: string): void {
  if (text === "") throw new UsageError(`${kind} is empty: expected at least one character [MQTT-4.7.3-1]`);
  if (text.includes("\0")) throw new UsageError(`${kind} holds a NUL character [MQTT-4.7.3-2]`);
  if (Buffer.byteLength(text) > MAX_TOPIC_BYTES) {
    throw new UsageError(`${kind} is longer than ${MAX_TOPIC_BYTES} bytes [MQTT-4.7.3-3]`);
  }
}

/** A topic to publish to. @throws UsageError for wildcards and what no topic may hold */
export function checkTopic(topic: string): string {
  checkCommon("topic", topic);
  if (/[+#]/.test(topic)) {
    throw new UsageError(
      `topic "${topic}": "+" and "#" are for subscriptions; a message has exactly one topic`,
    );
  }
  return topic;
}

/** A filter to subscribe with: `+` stands for one whole level, `#` for the rest and only at the end. */
export function checkFilter(filter: string): string {
  checkCommon("filter", filter);
  const levels = filter.split("/");
  for (const [at, level] of levels.entries()) {
    if (level === "+" || (level === "#" && at === levels.length - 1)) continue;
    if (/[+#]/.test(level)) {
      throw new UsageError(
        `filter "${filter}": "+" stands alone in its level, and "#" alone at the end [MQTT-4.7.1-2, -3]`,
      );
    }
  }
  return filter;
}

/** Whether a topic is matched by a filter; `$…` only by filters that begin so [MQTT-4.7.2-1]. */
export function matches(filter: string, topic: string): boolean {
  const want = filter.split("/");
  const have = topic.split("/");
  if (topic.startsWith("$") && /^[+#]/.test(filter)) return false;
  for (const [at, level] of want.entries()) {
    if (level === "#") return true;
    if (have[at] === undefined || (level !== "+" && level !== have[at])) return false;
  }
  return want.length === have.length;
}
