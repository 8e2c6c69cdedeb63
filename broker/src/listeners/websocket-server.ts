import { createServer as createHttpServer, type IncomingMessage, type Server } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import type { Duplex } from "node:stream";
import { type AllowedHosts, checkOrigin, type TlsFiles } from "@fieldmesh/runtime";
import { type WebSocket, WebSocketServer } from "ws";

/** The subprotocol of MQTT over WebSocket; old clients of 3.1 name it with the version [MQTT-6.0.0-3]. */
const SUBPROTOCOLS = ["mqtt", "mqttv3.1"];
/** A request's head has this long, or a connection is held for nothing. */
const HEADERS_TIMEOUT_MS = 10_000;

export interface WebSocketListenerOptions {
  tls: TlsFiles | undefined;
  allowed: Pick<AllowedHosts, "allowedHosts" | "publicUrl">;
  /** Largest WebSocket message; it may hold several control packets. */
  maxMessageBytes: number;
  onConnection(socket: WebSocket, request: IncomingMessage): void;
  onRefused(request: IncomingMessage, reason: string): void;
}

/** An HTTP(S) server that only upgrades to MQTT; a web page of another origin is refused. */
export function websocketServer(options: WebSocketListenerOptions): Server {
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: options.maxMessageBytes,
    perMessageDeflate: false, // readings are small; compressing them costs more than it saves
    handleProtocols: (offered) => SUBPROTOCOLS.find((name) => offered.has(name)) ?? false,
  });
  const server = options.tls === undefined ? createHttpServer() : createHttpsServer(options.tls);
  server.headersTimeout = HEADERS_TIMEOUT_MS;
  server.on("request", (_request, response) => {
    response.writeHead(426, { "Content-Type": "text/plain", Upgrade: "websocket", Connection: "close" });
    response.end("This port speaks MQTT over WebSocket.\n");
  });
  server.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on("error", () => socket.destroy());
    const reason = refusal(request, options.allowed);
    if (reason !== null) {
      options.onRefused(request, reason);
      socket.end("HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
      return;
    }
    sockets.handleUpgrade(request, socket, head, (webSocket) => options.onConnection(webSocket, request));
  });
  return server;
}

/** Why a request may not be upgraded, or null. */
function refusal(request: IncomingMessage, allowed: WebSocketListenerOptions["allowed"]): string | null {
  const offered = (request.headers["sec-websocket-protocol"] ?? "").split(",").map((name) => name.trim());
  if (!SUBPROTOCOLS.some((name) => offered.includes(name))) return 'the subprotocol "mqtt" was not offered';
  // No cookies here, so a page of another port of this machine has no more than any program of it.
  const verdict = checkOrigin(request.headers, { ...allowed, anyLoopbackPort: true });
  return verdict.ok ? null : verdict.detail;
}
