import type { AedesPublishPacket, Client } from "aedes";
import type { Port } from "../port/port.js";

/**
 * What this broker depends on of Aedes 1.2's client beyond its documented face; `engine-client.test.ts` watches
 * each. `conn` is the port; `duplicates` is its record of the highest message seen per broker, by which it would
 * drop what was overtaken; `_parsingBatch` counts the packets that it has not finished; `deliverQoS` sends one message; `subscriptions` holds the granted QoS.
 */
export interface EngineClient extends Omit<Client, "conn"> {
  readonly conn: Port;
  duplicates: Record<string, number>;
  readonly subscriptions: Record<string, { qos: 0 | 1 | 2 } | undefined>;
  readonly _parsingBatch: number;
  deliverQoS(packet: AedesPublishPacket, done: () => void): void;
}

/** The one place where Aedes' type is taken for the wider one. */
export function engineClient(client: Client): EngineClient {
  return client as unknown as EngineClient;
}

/**
 * Turns off Aedes' own dropping of duplicates: it drops what a later message overtook inside it, and our router
 * delivers once per client anyway.
 */
export function neverDuplicate(client: EngineClient, brokerId: string): void {
  const duplicates: Record<string, number> = Object.create(null) as Record<string, number>;
  Object.defineProperty(duplicates, brokerId, {
    get: () => 0,
    set: (_highest) => {},
  });
  client.duplicates = duplicates;
}
