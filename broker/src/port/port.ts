import { Duplex } from "node:stream";
import type { Identity } from "../access/access.js";
import type { EngineClient } from "../engine/engine-client.js";
import type { Reader } from "../router/router.js";
import type { DropCause } from "../stats/drops.js";
import type { ConnectPacket } from "../wire/connect-packet.js";
import * as type from "../wire/packet-type.js";
import { Inward } from "./inward.js";
import { OutwardQueue } from "./outward-queue.js";
import type { PortHost } from "./port-host.js";
import type { Transport } from "./transport.js";

/**
 * One connection, between its transport and the engine, which takes it for the socket.
 *
 * What comes from the client goes through {@link Inward}: the engine is given it in batches of one kind. What the
 * engine writes is taken at once, always, so that one reader that has stopped reading stops nobody else; the marks of
 * its {@link OutwardQueue} decide what becomes of it.
 */
export class Port extends Duplex implements Reader {
  readonly serial: number;
  readonly transport: Transport;
  readonly outward: OutwardQueue;
  /** Set by the engine, which looks after its own bookkeeping here. */
  client: EngineClient | undefined;
  /** Set when access control has let the client in. */
  identity: Identity | null = null;
  connect: ConnectPacket | null = null;
  accepted = false;
  /** What was held for its session is through: live messages may follow. */
  live = false;
  subscriptionCount = 0;
  /** Messages that this reader should have had and did not get. */
  dropped = 0;
  /** When the outward queue went over its soft mark, or 0. */
  overSinceMs = 0;
  /** Publishers no longer wait for it: its QoS 0 messages are dropped until it has caught up. */
  shedding = false;
  /** Tick of the sweep in which the client was last heard. */
  heardTick: number;
  readonly openedTick: number;

  readonly #host: PortHost;
  readonly #inward: Inward;
  #aborting = false;

  constructor(transport: Transport, host: PortHost) {
    super({ allowHalfOpen: true });
    this.transport = transport;
    this.#host = host;
    this.serial = host.nextSerial();
    this.#inward = new Inward(this, host);
    this.outward = new OutwardQueue(host.flusher, host.counters, (chunks, done) =>
      transport.send(chunks, done),
    );
    this.openedTick = host.sweepTick;
    this.heardTick = host.sweepTick;
  }

  // ---- Inward ----

  start(): void {
    this.transport.start({
      onData: (chunk) => {
        this.heardTick = this.#host.sweepTick;
        this.#inward.take(chunk);
      },
      onEnd: () => this.#inward.end(),
    });
  }

  /** A reader has moved, or has been given up: looks at the waiting packets again. */
  retry(): void {
    this.#inward.retry();
  }

  /** The client cannot be heard at present, because it is made to wait. */
  get waiting(): boolean {
    return this.#inward.paused;
  }

  /** The peer is on this machine, and so is everyone who could have reached its listener. */
  get trustedAsLocal(): boolean {
    return this.transport.loopback && this.#host.localOnly;
  }

  /** The engine asks for more; size 0 is streams' own start-up. */
  override read(size?: number): Buffer | null {
    return size === 0 ? null : this.#inward.feed.read();
  }

  /** The engine has finished CONNECT. */
  ready(): void {
    this.#inward.feed.ready();
  }

  // ---- Outward ----

  override write(chunk: unknown): boolean {
    if (typeof chunk === "string") this.outward.pushText(chunk);
    else if (chunk instanceof Uint8Array) this.outward.push(chunk);
    if (this.outward.bytes > this.#host.limits.hardQueueBytes) this.#host.pressure.giveUp(this);
    return true; // the engine never waits for a reader
  }

  /** The engine's writer corks once for each packet: that is how packets are counted here. */
  override cork(): void {
    this.#host.counters.packetsSent += 1;
  }

  override uncork(): void {}

  // ---- End ----

  /** Refuses the CONNECT with a return code [MQTT-3.2.2-5]. */
  refuse(returnCode: number, cause: DropCause, reason: string): void {
    this.outward.push(type.connackFrame(returnCode));
    this.#host.counters.packetsSent += 1;
    this.fail(cause, reason);
  }

  /** Closes the connection for a fault, which is logged and counted by its name. */
  fail(cause: DropCause, reason: string): void {
    if (this.destroyed) return;
    this.#host.counters.drop(cause);
    this.#host.reportFault(this, cause, reason);
    this.destroy();
  }

  /** Closes the connection at once; what is queued for it is lost, and counted by the caller. */
  abort(): void {
    this.#aborting = true;
    this.destroy();
  }

  override _destroy(_error: Error | null, callback: (error: Error | null) => void): void {
    this.#host.closed(this);
    this.#inward.close();
    if (this.#aborting) {
      this.outward.close();
      this.transport.abort();
    } else {
      const rest = this.outward.drain();
      if (rest.length > 0) this.transport.send(rest, () => undefined);
      this.transport.finish();
    }
    callback(null); // the engine hears "close"; faults were reported where they were found
  }
}
