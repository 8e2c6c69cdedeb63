import type { BrowserToServer, ServerToBrowser } from "@fieldmesh/protocol";
import { io, type Socket } from "socket.io-client";
import { announceAlarms } from "./announce.js";
import { FramePace } from "./frame-pace.js";
import { applyAlarms, newlyRaised } from "./model/alarms.js";
import { applyCatalogue } from "./model/catalogue.js";
import { learnServerTime } from "./server-clock.js";
import { book, connection, dropped, hello, nodes, streams } from "./state.js";

/** Waits between attempts: soon at first, then calmly; jitter, as a restarted server meets every browser at once. */
const FIRST_RETRY_MS = 500; // ms
const LONGEST_RETRY_MS = 8_000; // ms
/** A hidden tab takes one frame a second: the server sends the next one when the last has been acknowledged. */
const HIDDEN_ACK_MS = 1_000; // ms

/** The one connection to the server: it fills `state.ts`, and comes back by itself. */
export class Link {
  readonly #socket: Socket<ServerToBrowser, BrowserToServer>;
  readonly #onSignedOut: () => void;
  readonly #pace = new FramePace(() => streams.shown.length);
  #attempt = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #epoch: string | undefined;
  #lostAt: number | undefined;
  #wanted = false;

  constructor(onSignedOut: () => void) {
    this.#onSignedOut = onSignedOut;
    this.#socket = io({ autoConnect: false, reconnection: false, transports: ["websocket", "polling"] });
  }

  get connected(): boolean {
    return this.#socket.connected;
  }

  start(): void {
    if (this.#wanted) return;
    this.#wanted = true;
    if (!this.#socket.hasListeners("hello")) this.#listen();
    connection.value = { state: "connecting" };
    this.#socket.connect();
  }

  /** Tries now instead of at the next attempt. */
  retry(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#wanted && !this.#socket.connected) this.#socket.connect();
  }

  stop(): void {
    this.#wanted = false;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#lostAt = undefined;
    this.#epoch = undefined;
    this.#socket.disconnect();
    streams.disconnect();
    streams.clear();
    streams.forgetIndices();
  }

  #listen(): void {
    const socket = this.#socket;
    socket.on("disconnect", (reason) => this.#lost(reason));
    socket.on("connect_error", (error) => this.#lost(error.message));
    socket.on("hello", (message) => {
      learnServerTime(message.now);
      if (this.#epoch !== undefined && this.#epoch !== message.epoch) streams.forgetIndices();
      const first = connection.peek().state !== "connected";
      this.#epoch = message.epoch;
      this.#attempt = 0;
      this.#lostAt = undefined;
      hello.value = message;
      connection.value = { state: "connected" };
      if (first) streams.connect((show) => socket.emit("show", show));
    });
    socket.on("catalogue", (message) => {
      nodes.value = applyCatalogue(nodes.peek() ?? new Map(), message);
    });
    socket.on("alarms", (message) => {
      const before = book.peek();
      const after = applyAlarms(before, message);
      book.value = after;
      announceAlarms(newlyRaised(before, after), message.full);
    });
    socket.on("dropped", (message) => {
      dropped.value = message;
    });
    socket.on("frame", (frame, ack) => {
      learnServerTime(frame.at);
      this.#pace.take(frame, () => {
        streams.apply(frame);
        if (document.hidden) setTimeout(ack, HIDDEN_ACK_MS);
        else ack();
      });
    });
    socket.on("signed-out", () => this.#onSignedOut());
    // The network is back, or the machine woke up: do not sit out the wait.
    addEventListener("online", () => this.retry());
    document.addEventListener("visibilitychange", () => {
      if (!document.hidden) this.retry();
    });
  }

  #lost(reason: string): void {
    streams.disconnect();
    if (!this.#wanted) return;
    if (reason === "unauthorized" || reason === "signed-out") {
      this.#onSignedOut();
      return;
    }
    this.#lostAt ??= Date.now();
    const longest = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** this.#attempt);
    const waitMs = longest * (0.5 + Math.random() / 2);
    this.#attempt += 1;
    connection.value = { state: "lost", since: this.#lostAt, retryAt: Date.now() + waitMs, reason };
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.retry(), waitMs);
  }
}
