import { startBroker } from "../broker.js";
import { mosquittoMissing, startMosquitto } from "../contract/mosquitto.js";

/** A broker that the statements are held against. */
export interface Candidate {
  readonly name: string;
  /** Why it cannot be started here, or null. */
  readonly missing: string | null;
  readonly start: () => Promise<{ readonly port: number; close(): Promise<void> }>;
  /** Names of tests that do not hold for it, with the reason. */
  readonly differs: Readonly<Record<string, string>>;
}

/** What Mosquitto 2.0 does otherwise. Not run on it, since another version may mend it. */
export const MOSQUITTO_DIFFERS: Readonly<Record<string, string>> = {
  "[MQTT-2.2.2-2] other flags than a type's own end the connection":
    "takes PUBACK, PUBREC, PUBCOMP and PINGREQ with flags",
  "[MQTT-4.3.3-2] QoS 2 is passed on once however often it comes before PUBREL, and anew after PUBCOMP":
    "answers the second PUBLISH, and ends the connection at the third",
  "[MQTT-4.8.0-1] a packet that is no packet ends its connection, and no other":
    "takes SUBACK, UNSUBACK and PINGRESP from a client",
  "[MQTT-4.8.0-1] packets with bytes too few or too many end the connection":
    "takes PUBACK, PUBREL and PINGREQ with bytes too many",
  "[MQTT-3.9.3-2] a refused subscription has code 0x80, its neighbours have theirs":
    "grants filters that match nothing that may be read",
  "[MQTT-3.3.1-2] a message of QoS 0 with DUP ends the connection": "takes it",
  "[MQTT-3.3.5-1] a wildcard of a higher QoS counts beside the exact topic":
    "delivers once, at the QoS of the subscription that it finds first",
};

/** Ours with the short way for QoS 0 and without it, and a real Mosquitto as the measure. */
export const CANDIDATES: readonly Candidate[] = [
  { name: "fieldmesh", missing: null, start: () => startBroker({ port: 0 }), differs: {} },
  {
    name: "fieldmesh without the lane",
    missing: null,
    start: () => startBroker({ port: 0 }, { lane: false }),
    differs: {},
  },
  {
    name: "mosquitto",
    missing: await mosquittoMissing(),
    start: () => startMosquitto(),
    differs: MOSQUITTO_DIFFERS,
  },
];

/** What of a test runner is needed: vitest's `it`. */
interface Register {
  skipIf(condition: boolean): (name: string, body: () => unknown, timeoutMs?: number) => void;
}

/** Registers a test for one broker: not at all where it is known to differ, and skipped where it is not installed. */
export function heldBy({ missing, differs }: Pick<Candidate, "missing" | "differs">, register: Register) {
  return (name: string, body: () => unknown, timeoutMs?: number): void => {
    if (differs[name] === undefined) register.skipIf(missing !== null)(name, body, timeoutMs);
  };
}
