import * as type from "../wire/packet-type.js";
import type { BudgetUser, EngineBudget } from "./engine-budget.js";
import { Inbox } from "./inbox.js";

/** What the feed asks of its port. */
export interface FeedHost {
  /** Says to the engine that there is something to read; it reads at once, or not at all. */
  announce(): void;
  /** Packets that the engine has begun and not finished. */
  unfinishedPackets(): number;
  /** Takes the short way with what stands first, as far as it can; see {@link Lane.carry}. */
  carry: ((bytes: Buffer, start: number, end: number) => number) | null;
  /** A batch has left the inbox. */
  onTaken(): void;
  /** Nothing is left, neither here nor in the engine. */
  onQuiet(): void;
}

/**
 * Gives the engine its batches: one at a time, the next only when it has finished the last, and after CONNECT nothing
 * until it is ready. The engine's sign of having finished is that it asks for more.
 */
export class EngineFeed implements BudgetUser {
  readonly inbox = new Inbox();
  readonly #budget: EngineBudget;
  readonly #host: FeedHost;
  /** The engine has finished all that it was given. */
  #idle = true;
  /** Shut from CONNECT until the engine is ready for what follows it. */
  #gateOpen = true;
  #offering = false;
  #inEngineBytes = 0;
  #closed = false;

  constructor(budget: EngineBudget, host: FeedHost) {
    this.#budget = budget;
    this.#host = host;
  }

  /** Everything that came before is through the engine. */
  get quiet(): boolean {
    return this.#idle && this.#gateOpen && this.inbox.empty;
  }

  /** Nothing waits, and the engine is busy with nothing; after CONNECT it may still be about to be ready. */
  get done(): boolean {
    return this.#idle && this.inbox.empty;
  }

  /** Gives the engine the next batch, when it is idle and there is one. */
  offer(): void {
    if (this.#offering || !this.#idle || !this.#gateOpen || this.#closed) return;
    if (!this.inbox.empty && this.#host.carry !== null) {
      this.inbox.shorten(type.PUBLISH, this.#host.carry);
      this.#host.onTaken();
    }
    if (this.inbox.empty) {
      this.#host.onQuiet();
      return;
    }
    const bytes = this.inbox.nextBytes;
    if (!this.#budget.take(this, bytes)) return;
    this.#inEngineBytes = bytes;
    this.#offering = true;
    this.#host.announce();
    this.#offering = false;
    // Packets without readers are finished at once; of others the engine tells later, by asking for more.
    if (!this.#idle && this.#host.unfinishedPackets() === 0) this.#finished();
  }

  /**
   * The engine asks for more. Outside of {@link offer} that says that it has finished what it had; data is given only
   * inside, and once, so the engine never goes deeper with each batch.
   */
  read(): Buffer | null {
    if (!this.#offering) {
      if (!this.#idle) this.#finished();
      return null;
    }
    if (!this.#idle) return null; // it asks in the middle of the batch
    const batch = this.inbox.shift();
    if (batch === null) return null;
    this.#idle = false;
    if (((batch[0] ?? 0) & 0xf0) === type.CONNECT) this.#gateOpen = false;
    this.#host.onTaken();
    return batch;
  }

  /** The next batch goes in a turn later, so that other connections get theirs. */
  #finished(): void {
    this.#idle = true;
    this.#release();
    if (this.#gateOpen) setImmediate(() => this.offer());
  }

  #release(): void {
    const bytes = this.#inEngineBytes;
    this.#inEngineBytes = 0;
    this.#budget.release(bytes);
  }

  /** The engine has finished CONNECT: what followed it may go in, one turn later. */
  ready(): void {
    setImmediate(() => {
      this.#gateOpen = true;
      this.#idle = true;
      this.offer();
    });
  }

  close(): void {
    this.#closed = true;
    this.inbox.clear();
    this.#budget.forget(this);
    this.#release();
  }
}
