import { startBroker } from "../broker.js";
import { mosquittoMissing, startMosquitto } from "./mosquitto.js";

/** A broker that the contract is held against. */
export interface Running {
  port: number;
  /** Makes it notice changed files, if it does not by itself. */
  reload(): void;
  close(): Promise<void>;
}

export interface Options {
  passwordFile?: string;
  aclFile?: string;
}

/** Largest packet that each of them takes. */
export const PACKET_BYTES = 64 * 1024;

/** Ours, and a real Mosquitto as its measure: the name, how it is started, and what is missing for it. */
export const BROKERS: readonly (readonly [string, (options: Options) => Promise<Running>, string | null])[] =
  [
    [
      "fieldmesh",
      async (options) => {
        const broker = await startBroker({ port: 0, ...options }, { limits: { packetBytes: PACKET_BYTES } });
        return { port: broker.port, reload: () => undefined, close: () => broker.close() };
      },
      null,
    ],
    [
      "mosquitto",
      (options) => startMosquitto({ ...options, lines: [`max_packet_size ${PACKET_BYTES}`] }),
      await mosquittoMissing(),
    ],
  ];
