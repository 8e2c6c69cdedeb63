/** There is no connection to a broker now: keep what you have, and publish again after `onConnect`. */
export class NotConnectedError extends Error {
  override readonly name = "NotConnectedError";
  readonly code = "mqtt_not_connected";

  constructor() {
    super("not connected to a broker");
  }
}

/** The connection was lost before the broker acknowledged: it may or may not have the message. */
export class LinkLostError extends Error {
  override readonly name = "LinkLostError";
  readonly code = "mqtt_link_lost";

  constructor(reason: string) {
    super(`connection to the broker lost before it acknowledged: ${reason}`);
  }
}

/** More calls of `publish` wait than the bound: the caller does not wait for what it publishes. */
export class LinkBusyError extends Error {
  override readonly name = "LinkBusyError";
  readonly code = "mqtt_link_busy";

  constructor(waiting: number) {
    super(`${waiting} messages already wait to be published: await publish() before you publish more`);
  }
}

/** A topic that may not be published to [MQTT-3.3.2-2]: the broker would close the connection. */
export class TopicError extends Error {
  override readonly name = "TopicError";
  readonly code = "mqtt_topic";

  constructor(topic: string) {
    super(`topic ${JSON.stringify(topic)}: expected 1 to 65535 bytes without "+", "#" and NUL`);
  }
}

/** The broker refused subscriptions: the user may not read these topics. */
export class SubscriptionRefusedError extends Error {
  override readonly name = "SubscriptionRefusedError";
  readonly code = "mqtt_subscription_refused";
  readonly filters: string[];

  constructor(filters: string[]) {
    super(`the broker refused to subscribe to ${filters.join(", ")}: check the user's access (ACL_FILE)`);
    this.filters = filters;
  }
}
