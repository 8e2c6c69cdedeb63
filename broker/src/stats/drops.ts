/** Everything that this broker ever refuses or loses, by name; `docs/broker.md` explains each. */
export const DROP_CAUSES = [
  "slow-reader",
  "reader-disconnected",
  "session-queue",
  "session-expired",
  "publish-denied",
  "subscribe-denied",
  "subscription-limit",
  "retained-limit",
  "connect-refused",
  "client-limit",
  "sign-in-limit",
  "connect-rate",
  "malformed",
  "packet-size",
  "topic-levels",
  "keep-alive",
  "not-forwarded",
] as const;

export type DropCause = (typeof DROP_CAUSES)[number];
