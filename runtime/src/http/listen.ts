import { readFileSync } from "node:fs";
import { createServer, type RequestListener, type Server } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { Socket } from "node:net";
import { createSecureContext } from "node:tls";
import type { VariableName } from "../environment/variables.js";
import { ConfigurationError } from "../process/exit.js";

/** Certificate chain and key of a listener, PEM. */
export interface TlsFiles {
  cert: Buffer;
  key: Buffer;
}

export interface ListenOptions {
  host: string;
  port: number;
  /** The variable that changes the port, named when it is taken. */
  variable: VariableName;
  tls?: TlsFiles | undefined;
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
const HEADERS_MS = 10_000;
/** Requests on the way get this long when we close. */
const CLOSE_MS = 2_000;

/**
 * Listens for HTTP, or HTTPS with `tls`.
 * @throws ConfigurationError naming the variable when the port is taken or not ours, or HOST is not here.
 */
export async function listen(app: RequestListener, options: ListenOptions): Promise<HttpListener> {
  const server: Server = options.tls === undefined ? createServer(app) : createTlsServer(options.tls, app);
  server.requestTimeout = REQUEST_MS;
  server.headersTimeout = HEADERS_MS;
  server.maxRequestsPerSocket = 0;
  const sockets = new Set<Socket>();
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
  });
  await bind(server, options);
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : options.port;
  const scheme = options.tls === undefined ? "http" : "https";
  let closed: Promise<void> | undefined;
  const close = (): Promise<void> => {
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

/**
 * Reads `TLS_CERT` and `TLS_KEY`; undefined when neither is set.
 * @throws ConfigurationError when only one is set, or they cannot be read or used.
 */
export function readTls(env: {
  TLS_CERT: string | undefined;
  TLS_KEY: string | undefined;
}): TlsFiles | undefined {
  if (env.TLS_CERT === undefined && env.TLS_KEY === undefined) return undefined;
  if (env.TLS_CERT === undefined || env.TLS_KEY === undefined) {
    const missing = env.TLS_CERT === undefined ? "TLS_CERT" : "TLS_KEY";
    throw new ConfigurationError(`${missing} is not set: TLS_CERT and TLS_KEY go together`);
  }
  const tls = { cert: readPem("TLS_CERT", env.TLS_CERT), key: readPem("TLS_KEY", env.TLS_KEY) };
  try {
    createSecureContext(tls);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ConfigurationError(`TLS_CERT and TLS_KEY cannot be used together: ${reason}`, { cause });
  }
  return tls;
}

/** Reads a PEM file that a variable names. @throws ConfigurationError naming the variable and the file. */
export function readPem(variable: VariableName, path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (cause) {
    const reason = cause instanceof Error && "code" in cause ? String(cause.code) : "unreadable";
    throw new ConfigurationError(`${variable}=${path}: expected a file that can be read (${reason})`, {
      cause,
    });
  }
}
