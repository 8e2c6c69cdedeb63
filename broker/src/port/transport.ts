/** What a transport tells its port. */
export interface TransportEvents {
  readonly onData: (chunk: Buffer) => void;
  /** No more bytes will come: the peer ended, or the connection broke. At most once. */
  onEnd(): void;
}

/** A byte stream to one client. Implementations: {@link StreamTransport} (TCP, TLS), {@link WebSocketTransport}. */
export interface Transport {
  readonly kind: "tcp" | "tls" | "ws";
  /** `address:port` of the peer, for logs. */
  readonly peer: string;
  /** The peer is on this machine. */
  readonly loopback: boolean;
  start(events: TransportEvents): void;
  /** Hands bytes to the operating system; `done` when it has taken them all, or never will. */
  send(chunks: readonly Buffer[], done: () => void): void;
  /** Stops reading; what is under way may still come. */
  pause(): void;
  resume(): void;
  /** Ends after what has been sent; a peer that does not read it is cut off. */
  finish(): void;
  /** Ends now. */
  abort(): void;
}

/** How long a peer may take for the last bytes. */
export const FINISH_GRACE_MS = 2_000;
