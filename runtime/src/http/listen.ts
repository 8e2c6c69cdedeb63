import { createServer, type RequestListener, type Server } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { Socket } from "node:net";
import { Server as TlsServer } from "node:tls";
import type { VariableName } from "../environment/variables.js";
import type { Log } from "../log.js";
import { ConfigurationError } from "../process/exit.js";
import { followTls } from "./live-tls.js";
import type { TlsFiles } from "./tls-files.js";

export interface ListenOptions {
  host: string;
  port: number;
  /** The variable that changes the port, named when it is taken. */
  variable: VariableName;
  tls?: TlsFiles | undefined;
  /**
   * Some requests may take long, as the upload of a large file: the app bounds the others itself
   * (`createHttpApp` does).
   */
  longRequests?: boolean;
  /** Tells of certificates that were renewed, or could not be. */
  log: Log;
}

export interface HttpListener {
  /** The Node.js server, for `upgrade` listeners as Socket.IO. */
  readonly server: Server;
  /** The port in use. */
  readonly port: number;
  /** As a person on this machine would type it: `http://127.0.0.1:3000`. */
  readonly url: string;
  /** Takes no more requests, lets those on the way finish for a short time, and closes. */
  close(): Promise<void>;
}

/** A client gets this long for the whole of a request, and for its headers. */
const REQUEST_MS = 30_000;
const LONG_REQUEST_MS = 3_600_000;
const HEADERS_MS = 10_000;
/** Requests on the way get this long when we close. */
const CLOSE_MS = 2_000;

/**
 * Listens for HTTP, or HTTPS with `tls`.
 * @throws ConfigurationError naming the variable when the port is taken or not ours, or HOST is not here.
 */
export async function listen(app: RequestListener, options: ListenOptions): Promise<HttpListener> {
  const server: Server = options.tls === undefined ? createServer(app) : createTlsServer(options.tls, app);
  server.requestTimeout = options.longRequests === true ? LONG_REQUEST_MS : REQUEST_MS;
  server.headersTimeout = HEADERS_MS;
  server.maxRequestsPerSocket = 0;
  const sockets = new Set<Socket>();
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
  });
  await bind(server, options);
  const unfollow =
    options.tls !== undefined && server instanceof TlsServer
      ? followTls(options.tls, [server], options.log)
      : undefined;
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : options.port;
  const scheme = options.tls === undefined ? "http" : "https";
  let closed: Promise<void> | undefined;
  const close = (): Promise<void> => {
    unfollow?.();
    closed ??= new Promise((resolve) => {
      const limit = setTimeout(() => {
        for (const socket of sockets) socket.destroy(); // upgraded ones too, which the server does not count
      }, CLOSE_MS);
      server.close(() => {
        clearTimeout(limit);
        resolve();
      });
      server.closeIdleConnections();
    });
    return closed;
  };
  return { server, port, url: `${scheme}://${shownHost(options.host)}:${port}`, close };
}

function bind(server: Server, { host, port, variable }: ListenOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    const onError = (error: NodeJS.ErrnoException): void =>
      reject(explainListenError(error, host, port, variable));
    server.once("error", onError);
    server.listen({ host, port }, () => {
      server.off("error", onError);
      resolve();
    });
  });
}

/** Says what to do about an error of listening; any listener may use it. */
export function explainListenError(
  error: NodeJS.ErrnoException,
  host: string,
  port: number,
  variable: VariableName,
): Error {
  const cause = { cause: error };
  const { code } = error;
  if (code === "EADDRINUSE") {
    return new ConfigurationError(
      `port ${port} is taken: set ${variable} to another, or end what uses it`,
      cause,
    );
  }
  if (code === "EACCES") {
    return new ConfigurationError(
      `port ${port} may not be used by this user: set ${variable} above 1023`,
      cause,
    );
  }
  if (code === "EADDRNOTAVAIL" || code === "ENOTFOUND") {
    return new ConfigurationError(`HOST=${host} is not an address of this machine`, cause);
  }
  return error;
}

function shownHost(host: string): string {
  if (host === "0.0.0.0" || host === "::") return "127.0.0.1";
  return host.includes(":") ? `[${host}]` : host;
}
