import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { Aedes } from "aedes";
import { type BrokerConfig, DEFAULT_CONFIG } from "./config.js";
import { type BrokerLog, SILENT_LOG } from "./log.js";

/** The outside world of a broker; a test replaces any of it. */
export interface BrokerWorld {
  log?: BrokerLog;
}

/** A broker that listens. */
export interface Broker extends AsyncDisposable {
  /** The TCP port it listens on. */
  readonly port: number;
  readonly tlsPort?: number;
  readonly wsPort?: number;
  /** Ends all connections and listeners. Idempotent. */
  close(): Promise<void>;
}

/** Starts a broker; resolves when every listener is open. */
export async function startBroker(
  config: Partial<BrokerConfig> = {},
  world: BrokerWorld = {},
): Promise<Broker> {
  const full: BrokerConfig = { ...DEFAULT_CONFIG, ...config };
  const log = world.log ?? SILENT_LOG;
  const aedes = await Aedes.createBroker({ concurrency: 0 });
  aedes.on("clientError", (client, error) =>
    log.warn({ client: client.id, error: error.message }, "client error"),
  );
  aedes.on("connectionError", (_client, error) => log.warn({ error: error.message }, "connection error"));
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
    aedes.handle(socket);
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(full.port, full.host, resolve);
  });
  let closing: Promise<void> | undefined;
  const close = (): Promise<void> => {
    closing ??= (async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      await new Promise<void>((resolve) => aedes.close(() => resolve()));
      for (const socket of sockets) socket.destroy();
      await closed;
    })();
    return closing;
  };
  return { port: (server.address() as AddressInfo).port, close, [Symbol.asyncDispose]: close };
}
