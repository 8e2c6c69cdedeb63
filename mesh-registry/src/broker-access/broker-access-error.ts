export type BrokerAccessFault = "broker_away" | "broker_forbids" | "broker_silent" | "broker_refused";

/** The broker could not be told who may read what. */
export class BrokerAccessError extends Error {
  override readonly name = "BrokerAccessError";
  readonly code: BrokerAccessFault;

  constructor(code: BrokerAccessFault, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
