import { createServer as createTcpServer, type Server, type Socket } from "node:net";
import { createServer as createTlsServer, Server as TlsServer } from "node:tls";
import { followTls, plainMqttHost, readTls, type VariableName } from "@fieldmesh/runtime";
import type { BrokerConfig } from "../config.js";
import type { BrokerLog } from "../log.js";
import { StreamTransport } from "../port/stream-transport.js";
import type { Transport } from "../port/transport.js";
import { WebSocketTransport } from "../port/websocket-transport.js";
import { listen } from "./listen.js";
import { websocketServer } from "./websocket-server.js";

/** A TLS handshake that takes longer is nobody's. */
const HANDSHAKE_TIMEOUT_MS = 10_000;

export interface ListenerEvents {
  onTransport(transport: Transport): void;
  onRefused(peer: string, reason: string): void;
}

/** The listeners of one broker. */
export interface Listeners {
  port: number;
  /** What `port` is bound to. */
  plainHost: string;
  tlsPort?: number;
  wsPort?: number;
  close(): Promise<void>;
}

/** Opens what the configuration asks for; when one cannot be opened, those already open are closed again. */
export async function openListeners(
  config: BrokerConfig,
  maxMessageBytes: number,
  events: ListenerEvents,
  log: BrokerLog,
): Promise<Listeners> {
  const tls = readTls({ TLS_CERT: config.tlsCert, TLS_KEY: config.tlsKey });
  const plainHost = plainMqttHost({
    HOST: config.host,
    TLS_CERT: config.tlsCert,
    MQTT_PLAIN_HOST: config.plainHost,
  });
  const servers: Server[] = [];
  const sockets = new Set<Socket>();
  let unfollow = (): void => undefined;
  const close = async (): Promise<void> => {
    unfollow();
    const closed = servers.map((server) => new Promise<void>((resolve) => server.close(() => resolve())));
    for (const socket of sockets) socket.destroy();
    await Promise.all(closed);
  };
  const open = async (
    server: Server,
    port: number,
    variable: VariableName,
    host = config.host,
  ): Promise<number> => {
    server.on("connection", (socket: Socket) => {
      sockets.add(socket);
      socket.once("close", () => sockets.delete(socket));
    });
    const opened = await listen(server, host, port, variable);
    servers.push(server);
    return opened;
  };
  try {
    const tcp = createTcpServer((socket) => events.onTransport(new StreamTransport(socket, "tcp")));
    const listeners: Listeners = {
      port: await open(tcp, config.port, "MQTT_PORT", plainHost),
      plainHost,
      close,
    };
    if (tls !== undefined) {
      const secure = createTlsServer({ ...tls, handshakeTimeout: HANDSHAKE_TIMEOUT_MS }, (socket) =>
        events.onTransport(new StreamTransport(socket, "tls")),
      );
      secure.on("tlsClientError", (error, socket) =>
        events.onRefused(socket.remoteAddress ?? "?", error.message),
      );
      listeners.tlsPort = await open(secure, config.tlsPort, "MQTT_TLS_PORT");
    }
    if (config.wsPort !== undefined) {
      const web = websocketServer({
        tls,
        allowed: { allowedHosts: config.allowedHosts, publicUrl: config.publicUrl },
        maxMessageBytes,
        onConnection: (socket, request) => events.onTransport(new WebSocketTransport(socket, request)),
        onRefused: (request, reason) => events.onRefused(request.socket.remoteAddress ?? "?", reason),
      });
      listeners.wsPort = await open(web, config.wsPort, "MQTT_WS_PORT");
    }
    if (tls !== undefined) {
      const secured = servers.filter((server) => server instanceof TlsServer);
      unfollow = followTls(tls, secured, log);
    }
    return listeners;
  } catch (error) {
    await close();
    throw error;
  }
}
