import type { MqttLink } from "@fieldmesh/runtime";
import type { BrokerOptions } from "../broker-options.js";
import { brokerAccess, openLink } from "../connection.js";
import { EXIT, FailureError } from "../exit.js";
import { interrupted } from "../interrupt.js";
import type { Qos } from "../options.js";
import { type Terminal, writeJson, writeLine } from "../terminal.js";
import { type Received, toBytes, toJson } from "./format.js";
import { checkFilter, matches } from "./topics.js";

export interface SubOptions extends BrokerOptions {
  topic: string[];
  qos: Qos;
  verbose?: boolean;
  count?: number;
  /** ms */
  wait?: number;
  filterOut?: string[];
  /** `-R` sets it to false: no retained messages. */
  retained?: boolean;
  retainedOnly?: boolean;
  newline: boolean;
  json?: boolean;
}

/** As `mosquitto_sub -W`: the time ran out. */
export const EXIT_TIMEOUT = 27;

/** Messages that wait for a slow standard output; past it the newest are dropped, counted and told. */
const MAX_WAITING = 10_000;

/** Prints messages until the count, the time, or Ctrl-C. Returns the exit code. */
export async function subscribe(options: SubOptions, terminal: Terminal): Promise<number> {
  const filters = options.topic.map(checkFilter);
  const unwanted = (options.filterOut ?? []).map(checkFilter);
  const accesses = await brokerAccess(options, terminal);
  const links: MqttLink[] = [];
  const queue: Received[] = [];
  let dropped = 0;
  let wake = (): void => {};
  let ended: "interrupted" | "timeout" | undefined;
  const end = (why: "interrupted" | "timeout"): void => {
    ended ??= why;
    wake();
  };
  const stopListening = interrupted(() => end("interrupted"));
  let timer: NodeJS.Timeout | undefined;

  const take = (topic: string, payload: Buffer, info: { qos: Qos; retain: boolean }): void => {
    if (info.retain ? options.retained === false : options.retainedOnly) return;
    if (unwanted.some((filter) => matches(filter, topic))) return;
    if (queue.length >= MAX_WAITING) dropped += 1;
    else queue.push({ topic, payload, qos: info.qos, retain: info.retain });
    wake();
  };

  try {
    for (const access of accesses) {
      const { link, refusedFilters } = await openLink(
        access,
        { ...options, purpose: "sub" },
        terminal,
        async (prepared) => {
          prepared.onMessage(take);
          await prepared.subscribe(filters, options.qos);
        },
      );
      links.push(link);
      if (refusedFilters.size > 0) {
        const refused = `the broker refused to subscribe to ${[...refusedFilters].join(", ")}: check what the user may read`;
        if (refusedFilters.size === new Set(filters).size) throw new FailureError(refused);
        terminal.stderr.write(`fieldmesh: ${refused}\n`);
      }
    }
    if (options.wait !== undefined) timer = setTimeout(() => end("timeout"), options.wait);

    let printed = 0;
    while (options.count === undefined || printed < options.count) {
      const message = queue.shift();
      if (message !== undefined) {
        await print(message, options, terminal);
        printed += 1;
      } else if (ended !== undefined) break;
      else {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      if (ended === "interrupted") break;
    }
    if (dropped > 0)
      terminal.stderr.write(`fieldmesh: ${dropped} messages dropped: the output was read too slowly\n`);
    return ended === "timeout" && printed !== options.count ? EXIT_TIMEOUT : EXIT.ok;
  } finally {
    clearTimeout(timer);
    stopListening();
    await Promise.all(links.map((link) => link.close()));
  }
}

function print(message: Received, options: SubOptions, terminal: Terminal): Promise<void> {
  if (options.json) return writeJson(terminal.stdout, toJson(message, Date.now()));
  return writeLine(terminal.stdout, toBytes(message, options.verbose ?? false), options.newline ? "\n" : "");
}
