import type {
  Alarms,
  AlarmView,
  BrowserToServer,
  Catalogue,
  Dropped,
  Frame,
  Hello,
  NodeView,
  ServerToBrowser,
} from "@fieldmesh/protocol";
import { io, type Socket } from "socket.io-client";

/** Holds what the browser's app would. */
export class Browser {
  readonly socket: Socket<ServerToBrowser, BrowserToServer>;
  hello: Hello | undefined;
  nodes = new Map<string, NodeView>();
  standing = new Map<string, AlarmView>();
  history: AlarmView[] = [];
  dropped: Dropped | undefined;
  signedOut = false;
  error: string | undefined;
  frames = 0;
  /** While true, frames are taken and not acknowledged. */
  holdsAcks = false;
  readonly #acks: (() => void)[] = [];
  readonly streams = new Map<string, Map<number, { seq: number; v: number | null; t: number }>>();

  constructor(url: string, headers: Record<string, string> = {}) {
    this.socket = io(url, {
      transports: ["websocket"],
      reconnection: false,
      forceNew: true,
      extraHeaders: { origin: url, ...headers },
    });
    this.socket.on("hello", (hello) => {
      this.hello = hello;
    });
    this.socket.on("catalogue", (catalogue) => this.#catalogue(catalogue));
    this.socket.on("alarms", (alarms) => this.#alarms(alarms));
    this.socket.on("dropped", (dropped) => {
      this.dropped = dropped;
    });
    this.socket.on("signed-out", () => {
      this.signedOut = true;
    });
    this.socket.on("connect_error", (error) => {
      this.error = error.message;
    });
    this.socket.on("frame", (frame, ack) => {
      this.#frame(frame);
      if (this.holdsAcks) this.#acks.push(ack);
      else ack();
    });
  }

  releaseAcks(): void {
    this.holdsAcks = false;
    for (const ack of this.#acks.splice(0)) ack();
  }

  show(...names: string[]): void {
    this.socket.emit("show", { streams: names.map((name) => ({ name })) });
  }

  seqs(stream: string): number[] {
    const held = [...(this.streams.get(stream) ?? [])].sort(([a], [b]) => a - b);
    return held.map(([, { seq }]) => seq);
  }

  close(): void {
    this.socket.disconnect();
  }

  #catalogue({ full, nodes }: Catalogue): void {
    if (full) this.nodes.clear();
    for (const [key, node] of Object.entries(nodes)) {
      if (node === null) this.nodes.delete(key);
      else this.nodes.set(key, node);
    }
  }

  #alarms({ full, standing, history }: Alarms): void {
    if (full) {
      this.standing.clear();
      this.history = [];
    }
    for (const [key, alarm] of Object.entries(standing)) {
      if (alarm === null) this.standing.delete(key);
      else this.standing.set(key, alarm);
    }
    const isSame = (one: AlarmView, other: AlarmView): boolean =>
      one.key === other.key && one.event.boot === other.event.boot && one.event.seq === other.event.seq;
    this.history = [
      ...history,
      ...this.history.filter((old) => !history.some((alarm) => isSame(alarm, old))),
    ];
  }

  #frame(frame: Frame): void {
    this.frames += 1;
    for (const [name, part] of Object.entries(frame.streams)) {
      const held = part.reset ? new Map() : (this.streams.get(name) ?? new Map());
      for (const [i, seq] of part.seq.entries()) {
        held.set(part.n + i, { seq, v: part.v[i] ?? null, t: part.t[i] ?? 0 });
      }
      for (const n of held.keys()) if (n < part.oldest) held.delete(n);
      this.streams.set(name, held);
    }
  }
}
