/** A listener or its configuration that cannot be; code `BROKER_START`. The message names the variable to change. */
export class BrokerStartError extends Error {
  readonly code = "BROKER_START";

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "BrokerStartError";
  }
}
