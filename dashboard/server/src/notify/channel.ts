import type { Notification } from "./notification.js";

/** Carries notifications to people. Knows nothing of retries: it sends once, or says why it could not. */
export interface Channel {
  /**
   * Resolves when the other side has taken it.
   * @throws ChannelError
   */
  send(notification: Notification): Promise<void>;
  /**
   * Sends several as one, for channels that end at a person: when much goes wrong at once, nobody wants as many
   * messages.
   * @throws ChannelError
   */
  sendGroup?(notifications: readonly Notification[]): Promise<void>;
  close(): void;
}

/** A notification was not taken. The message is shown to people: it never holds a secret. */
export class ChannelError extends Error {
  readonly code = "CHANNEL";
  /** The other side asked to be left alone for so long, ms. */
  readonly retryAfterMs: number | undefined;

  constructor(message: string, options: ErrorOptions & { retryAfterMs?: number } = {}) {
    super(message, options);
    this.name = "ChannelError";
    this.retryAfterMs = options.retryAfterMs;
  }
}
