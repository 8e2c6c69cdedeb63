import type { Socket } from "node:net";
import { isLoopback } from "@fieldmesh/runtime";
import { readDirectly } from "./direct-reads.js";
import { FINISH_GRACE_MS, type Transport, type TransportEvents } from "./transport.js";

/** Up to here a copy in one piece costs less than a gathered write, and with TLS one record less for each chunk. */
const COPY_BYTES = 16 * 1024;

/** A TCP or TLS socket. */
export class StreamTransport implements Transport {
  readonly kind: "tcp" | "tls";
  readonly peer: string;
  readonly loopback: boolean;
  readonly #socket: Socket;

  constructor(socket: Socket, kind: "tcp" | "tls") {
    this.#socket = socket;
    this.kind = kind;
    this.peer = `${socket.remoteAddress ?? "?"}:${socket.remotePort ?? 0}`;
    this.loopback = isLoopback(socket.remoteAddress ?? "");
  }

  start(events: TransportEvents): void {
    let ended = false;
    const end = (): void => {
      if (ended) return;
      ended = true;
      events.onEnd();
    };
    // Writes are already gathered once a turn: Nagle's algorithm would only add delay.
    this.#socket.setNoDelay(true);
    readDirectly(this.#socket, events.onData);
    this.#socket.on("end", end);
    this.#socket.on("close", end);
    this.#socket.on("error", end); // "close" follows; a reset is a client's right
  }

  send(chunks: readonly Buffer[], done: () => void): void {
    if (chunks.length > 1 && chunks.reduce((sum, { length }) => sum + length, 0) <= COPY_BYTES) {
      this.#socket.write(Buffer.concat(chunks), done);
      return;
    }
    const last = chunks.length - 1;
    if (last > 0) this.#socket.cork();
    for (let i = 0; i < last; i++) this.#socket.write(chunks[i] as Buffer);
    this.#socket.write(chunks[last] as Buffer, done);
    if (last > 0) this.#socket.uncork();
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  finish(): void {
    if (this.#socket.destroyed) return;
    this.#socket.end();
    this.#socket.resume(); // or the peer's own end is never seen
    const grace = setTimeout(() => this.#socket.destroy(), FINISH_GRACE_MS);
    this.#socket.once("close", () => clearTimeout(grace));
    this.#socket.once("end", () => this.#socket.destroySoon());
  }

  abort(): void {
    this.#socket.destroy();
  }
}
