import { startMongo } from "@fieldmesh/storage/testing";

export type StoreKind = "embedded" | "mongodb";

/** Where a historian of a test keeps what it remembers. */
export interface Store {
  /** `STORAGE`; undefined for the historian's own folder. */
  readonly address: string | undefined;
  /** kill -9 of the server; nothing for the embedded one, which dies with its process. */
  kill(): Promise<void>;
  /** Starts it again with what it kept. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

export async function createStore(kind: StoreKind): Promise<Store> {
  if (kind === "embedded") {
    const nothing = (): Promise<void> => Promise.resolve();
    return { address: undefined, kill: nothing, restart: nothing, stop: nothing };
  }
  const mongo = await startMongo({ own: true });
  if (mongo === undefined) throw new Error("no MongoDB server is there");
  return {
    address: mongo.url,
    kill: () => mongo.kill(),
    restart: () => mongo.restart(),
    stop: () => mongo.stop(),
  };
}
