import type { BrokerOptions } from "../broker-options.js";
import { oneBroker, openLink } from "../connection.js";
import type { Qos } from "../options.js";
import { type Terminal, writeJson } from "../terminal.js";
import { type PayloadSource, payloads } from "./payloads.js";
import { checkTopic } from "./topics.js";

export interface PubOptions extends BrokerOptions, PayloadSource {
  topic: string[];
  qos: Qos;
  retain?: boolean;
  json?: boolean;
}

/** So many lines may be on their way; reading the next waits, and memory stays flat however long the input is. */
const MAX_UNACKNOWLEDGED = 200;

/** Publishes each payload to each topic, in order, and waits for the acknowledgements. */
export async function publish(options: PubOptions, terminal: Terminal): Promise<void> {
  const topics = options.topic.map(checkTopic);
  const source: PayloadSource = {
    ...(options.message === undefined ? {} : { message: options.message }),
    ...(options.file === undefined ? {} : { file: options.file }),
    lines: options.lines ?? false,
    stdin: options.stdin ?? false,
    null: options.null ?? false,
  };
  const input = payloads(source, terminal.stdin);
  let next = await input.next(); // wrong use and a missing file are told before anything is connected
  const access = await oneBroker(options, terminal);
  const { link } = await openLink(access, { ...options, purpose: "pub" }, terminal);
  try {
    const underway = new Set<Promise<void>>();
    for (; next.done !== true; next = await input.next()) {
      const payload = next.value;
      for (const topic of topics) {
        const sent = link.publish(topic, payload, { qos: options.qos, retain: options.retain ?? false });
        const settled = sent.finally(() => underway.delete(settled));
        underway.add(settled);
        if (options.json) {
          await sent;
          await writeJson(terminal.stdout, {
            topic,
            bytes: payload.length,
            qos: options.qos,
            retain: options.retain ?? false,
          });
        }
        if (underway.size >= MAX_UNACKNOWLEDGED) await Promise.race(underway);
      }
    }
    await Promise.all(underway);
  } finally {
    await link.close();
  }
}
