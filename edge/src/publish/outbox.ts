import type { Log, MqttLink } from "@fieldmesh/runtime";
import type { Item, ItemKind, ItemName } from "../log/entry.js";
import type { NodeLog } from "../log/log.js";
import { FROM_THE_START, type HeldCursor } from "../log/scan.js";
import type { Rate } from "./rate.js";
import { Wake } from "./wake.js";

/** Held items that are read from the log at once. */
const BATCH = 64;
/** One in so many of those on their way may be a held one. */
const HELD_SHARE = 3;
/** A look at the log without a cause, should a cause have been missed. */
const IDLE_MS = 5_000;
/** After an error of the log's files the loop tries again so much later. */
const RETRY_MS = 1_000;

export interface OutboxPorts {
  link: MqttLink;
  log: NodeLog;
  rate: Rate;
  logger: Log;
  /** Publishes one item and resolves at the broker's acknowledgement; `held`: it comes from the log. */
  send: (item: Item, held: boolean) => Promise<void>;
  /** All that was held has been sent. */
  onDrained?: () => void;
}

/**
 * Sends one kind of item: what is new at once, what is held from the log behind it, at a bounded rate and in the
 * order of the log. An item leaves the log's held ones by the broker's acknowledgement alone; whatever fails
 * stays held and is found again.
 */
export class Outbox {
  readonly #kind: ItemKind;
  readonly #ports: OutboxPorts;
  readonly #maxInflight: number;
  readonly #inflight = new Map<string, number>(); // by key, for the rule of events
  readonly #names = new Set<string>();
  readonly #wake = new Wake();
  #rescan = false;
  #sentHeld = false;
  #closed = false;
  #loop: Promise<void> = Promise.resolve();

  constructor(kind: ItemKind, maxInflight: number, ports: OutboxPorts) {
    this.#kind = kind;
    this.#maxInflight = maxInflight;
    this.#ports = ports;
  }

  start(): void {
    this.#loop = this.#run();
  }

  /** There may be something to send: the connection is there again, or an item was left in the log. */
  wake(): void {
    this.#wake.call();
  }

  /** How many of a key are on their way. */
  inflightOf(key: string): number {
    return this.#inflight.get(key) ?? 0;
  }

  /** Sends a new item now; without a connection, or with too many on their way, it stays in the log. */
  offer(item: Item): void {
    if (this.#ports.link.connected && this.#names.size < this.#maxInflight) void this.#send(item, false);
    else this.#wake.call();
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#wake.call();
    await this.#loop;
  }

  /** Never rejects. Up to the publishing it runs at once, so that items keep their order. */
  async #send(item: Item, held: boolean): Promise<void> {
    const id = nameId(item);
    this.#names.add(id);
    this.#inflight.set(item.key, this.inflightOf(item.key) + 1);
    try {
      await this.#ports.send(item, held);
      this.#ports.log.acknowledge(item);
    } catch (error) {
      // The connection is gone, as a rule: the item is still held, and the loop starts over from the oldest.
      this.#ports.logger.debug({ err: error, key: item.key, seq: item.seq }, "not acknowledged; kept");
      this.#rescan = true;
    }
    const wasFull = this.#names.size >= this.#maxInflight / HELD_SHARE;
    this.#names.delete(id);
    const rest = this.inflightOf(item.key) - 1;
    if (rest > 0) this.#inflight.set(item.key, rest);
    else this.#inflight.delete(item.key);
    if (wasFull || this.#rescan) this.#wake.call();
  }

  async #run(): Promise<void> {
    let cursor: HeldCursor = FROM_THE_START;
    const skip = (name: ItemName): boolean => this.#names.has(nameId(name));
    while (!this.#closed) {
      const { log, link, logger } = this.#ports;
      if (!link.connected || log.heldCount(this.#kind) <= this.#names.size) {
        cursor = FROM_THE_START;
        if (link.connected && this.#sentHeld) {
          this.#sentHeld = false;
          this.#ports.onDrained?.();
        }
        await this.#wake.wait(IDLE_MS);
        continue;
      }
      if (this.#rescan) {
        this.#rescan = false;
        cursor = FROM_THE_START;
      }
      try {
        const batch = await log.held(this.#kind, cursor, BATCH, skip);
        const atEnd = batch.items.length === 0;
        cursor = atEnd ? FROM_THE_START : batch.cursor;
        if (atEnd) await this.#wake.wait(IDLE_MS);
        else await this.#sendBatch(batch.items);
      } catch (error) {
        logger.error({ err: error, kind: this.#kind }, "the log could not be read; trying again");
        await this.#wake.wait(RETRY_MS);
      }
    }
  }

  async #sendBatch(items: readonly Item[]): Promise<void> {
    const { log, link, rate } = this.#ports;
    for (const item of items) {
      await rate.take();
      // Held ones fill a third of the line at most: what is new must never wait behind them.
      while (this.#names.size >= this.#maxInflight / HELD_SHARE && link.connected && !this.#closed) {
        await this.#wake.wait(IDLE_MS);
      }
      if (this.#closed || !link.connected) {
        this.#rescan = true;
        return;
      }
      // It may have been sent or given up while this one waited.
      if (!log.isHeld(item) || this.#names.has(nameId(item))) continue;
      this.#sentHeld = true;
      void this.#send(item, true);
    }
  }
}

function nameId({ key, boot, seq }: ItemName): string {
  return `${boot}/${key}/${seq}`;
}
