/** What opens and closes topics of the broker for consumers. */
export interface BrokerDoor {
  /** The consumer's credential reads exactly these topics from now on: product → filters. */
  set(consumer: string, products: ReadonlyMap<string, readonly string[]>): Promise<void>;
  /** The same for all consumers at once: nobody else has a credential of ours. */
  reconcile(all: ReadonlyMap<string, ReadonlyMap<string, readonly string[]>>): Promise<void>;
  /** A new password for the consumer's credential; the one before ends. */
  renew(consumer: string): Promise<{ username: string; password: string }>;
  readonly state: { available: boolean; reason?: string };
}
