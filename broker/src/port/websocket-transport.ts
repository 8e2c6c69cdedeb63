import type { IncomingMessage } from "node:http";
import { isLoopback } from "@fieldmesh/runtime";
import type { WebSocket } from "ws";
import { FINISH_GRACE_MS, type Transport, type TransportEvents } from "./transport.js";

/** RFC 6455 status codes. */
const NORMAL_CLOSURE = 1000;
const UNSUPPORTED_DATA = 1003;

/** MQTT over WebSocket [MQTT-6.0.0]: binary frames, whose borders mean nothing. */
export class WebSocketTransport implements Transport {
  readonly kind = "ws";
  readonly peer: string;
  readonly loopback: boolean;
  readonly #socket: WebSocket;

  constructor(socket: WebSocket, request: IncomingMessage) {
    this.#socket = socket;
    this.peer = `${request.socket.remoteAddress ?? "?"}:${request.socket.remotePort ?? 0}`;
    // Behind a proxy everyone comes from loopback, and nobody is local for it.
    const proxied = Object.keys(request.headers).some(
      (name) => name === "forwarded" || name.startsWith("x-forwarded-"),
    );
    this.loopback = !proxied && isLoopback(request.socket.remoteAddress ?? "");
  }

  start(events: TransportEvents): void {
    this.#socket.on("message", (data, isBinary) => {
      if (!isBinary) {
        this.#socket.close(UNSUPPORTED_DATA, "MQTT wants binary frames"); // [MQTT-6.0.0-1]
        return;
      }
      if (Buffer.isBuffer(data)) events.onData(data);
      else events.onData(Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data));
    });
    this.#socket.once("close", () => events.onEnd());
    this.#socket.on("error", () => this.#socket.terminate()); // "close" follows
  }

  send(chunks: readonly Buffer[], done: () => void): void {
    const [only] = chunks;
    const bytes = chunks.length === 1 && only !== undefined ? only : Buffer.concat(chunks);
    this.#socket.send(bytes, { binary: true }, done);
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  finish(): void {
    if (this.#socket.readyState === this.#socket.CLOSED) return;
    this.#socket.close(NORMAL_CLOSURE);
    this.#socket.resume();
    const grace = setTimeout(() => this.#socket.terminate(), FINISH_GRACE_MS);
    this.#socket.once("close", () => clearTimeout(grace));
  }

  abort(): void {
    this.#socket.terminate();
  }
}
