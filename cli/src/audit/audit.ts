import { createLog, createStreamConsumer, type StreamConsumer, wait } from "@fieldmesh/runtime";
import type { BrokerOptions } from "../broker-options.js";
import { brokerAccess, prepareLink } from "../connection.js";
import { EXIT, FailureError } from "../exit.js";
import { interrupted } from "../interrupt.js";
import { type Terminal, table, writeJson, writeLine } from "../terminal.js";
import { auditTable, judge, type Verdict } from "./verdict.js";

export interface AuditOptions extends BrokerOptions {
  once?: boolean;
  /** ms */
  for?: number;
  /** ms */
  every: number;
  resend: boolean;
  json?: boolean;
}

/** `--once` waits this long for every node's account: three times their interval, and what asking again takes. */
const ONCE_LIMIT_MS = 60_000;
/** Within a minute of the end of any fault everything is accounted for: what is unknown longer is lost. */
const SETTLE_LIMIT_MS = 60_000;
/** Without asking nodes, only what is on its way can still come. */
const ARRIVE_LIMIT_MS = 2_000;
const LOOK_MS = 500;

/**
 * Watches every stream and prints the terms of the identity. Ends with `--once` as soon as it holds everywhere, with
 * `--for` after that time, or by Ctrl-C; exit code 1 when it does not hold then.
 */
export async function audit(options: AuditOptions, terminal: Terminal): Promise<number> {
  const accesses = await brokerAccess(options, terminal);
  const prepared = accesses.map((access) => prepareLink(access, { ...options, purpose: "audit" }, terminal));
  const accounts = new AccountsSeen();
  const consumer = createStreamConsumer({
    links: prepared.map(({ link }) => link),
    by: "fieldmesh audit",
    log: createLog("fieldmesh", { level: "silent" }),
    resend: options.resend,
    measureClocks: false,
    onNode: (node) =>
      accounts.saw(`${node.domain}/${node.node}`, node.stats?.timestamp, node.presence.presence),
  });
  const ending = new AbortController();
  const stopListening = interrupted(() => ending.abort());
  consumer.start();
  try {
    await Promise.all(prepared.map((link) => link.connected()));
    return options.once
      ? await auditOnce(consumer, accounts, options, terminal, ending.signal)
      : await auditLive(consumer, options, terminal, ending.signal);
  } finally {
    stopListening();
    await consumer.close();
  }
}

/** Which nodes have told their account while we listened: a retained one may be of long ago. */
class AccountsSeen {
  readonly #first = new Map<string, number>();
  readonly #waiting = new Set<string>();

  saw(node: string, timestamp: number | undefined, presence: string): void {
    const first = this.#first.get(node);
    if (timestamp !== undefined && first === undefined) this.#first.set(node, timestamp);
    const told = first !== undefined && timestamp !== undefined && timestamp !== first;
    // A node that is away tells nothing more: its last word counts.
    if (told || presence === "offline") this.#waiting.delete(node);
    else if (first === undefined || this.#waiting.has(node)) this.#waiting.add(node);
  }

  get complete(): boolean {
    return this.#first.size > 0 && this.#waiting.size === 0;
  }

  get waitingFor(): string[] {
    return [...this.#waiting];
  }
}

async function auditOnce(
  consumer: StreamConsumer,
  accounts: AccountsSeen,
  options: AuditOptions,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<number> {
  const deadline = performance.now() + (options.for ?? ONCE_LIMIT_MS);
  while (
    !(accounts.complete && judge(consumer.audit()).ok) &&
    performance.now() < deadline &&
    !signal.aborted
  ) {
    await wait(LOOK_MS, signal);
  }
  const verdict = await show(consumer, options, terminal);
  if (verdict.rows === 0) {
    throw new FailureError(
      "no edge node has told its account: is one running, and may this user read its stats? (`fieldmesh sub -t '+/+/stats' -v`)",
    );
  }
  if (!accounts.complete) {
    terminal.stderr.write(`fieldmesh: no account in time from ${accounts.waitingFor.join(", ")}\n`);
  }
  return verdict.ok && accounts.complete ? EXIT.ok : EXIT.failure;
}

async function auditLive(
  consumer: StreamConsumer,
  options: AuditOptions,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<number> {
  const deadline = performance.now() + (options.for ?? Number.POSITIVE_INFINITY);
  for (;;) {
    await wait(Math.min(options.every, Math.max(0, deadline - performance.now())), signal);
    if (performance.now() >= deadline)
      await settle(consumer, options.resend ? SETTLE_LIMIT_MS : ARRIVE_LIMIT_MS, signal);
    if (terminal.stdout.isTTY && !options.json) terminal.stdout.write("\u001b[2J\u001b[H");
    const verdict = await show(consumer, options, terminal);
    if (signal.aborted || performance.now() >= deadline) return verdict.ok ? EXIT.ok : EXIT.failure;
  }
}

/** What was on its way at the end is no loss: only what stays unknown is. */
async function settle(consumer: StreamConsumer, limitMs: number, signal: AbortSignal): Promise<void> {
  const deadline = performance.now() + limitMs;
  while (!judge(consumer.audit()).ok && performance.now() < deadline && !signal.aborted) {
    await wait(LOOK_MS, signal);
  }
}

async function show(consumer: StreamConsumer, options: AuditOptions, terminal: Terminal): Promise<Verdict> {
  const rows = consumer.audit();
  const verdict = judge(rows);
  if (options.json) {
    const told = rows.map((row) => ({
      ...row,
      toldAt: consumer.node(row.domain, row.node)?.stats?.timestamp,
    }));
    await writeJson(terminal.stdout, { at: Date.now(), ok: verdict.ok, rows: told });
  } else {
    await writeLine(terminal.stdout, table(auditTable(rows)));
    await writeLine(
      terminal.stdout,
      `${verdict.ok ? "the identity holds" : "the identity does not hold"}: ${verdict.stored} stored, ${verdict.dropped} dropped, ${verdict.held} held, ${verdict.unknown} unknown\n`,
    );
  }
  return verdict;
}
