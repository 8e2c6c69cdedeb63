import type { Server as HttpServer } from "node:http";
import { type AllowedHosts, checkOrigin, type Log, type Principal, type SignIn } from "@fieldmesh/runtime";
import { Server } from "socket.io";
import { rawJsonParser } from "../feed/raw-json.js";
import type { BrowserServer, BrowserSocket } from "./hub.js";

export interface BrowserServerOptions {
  http: HttpServer;
  hosts: AllowedHosts;
  signIn: Pick<SignIn, "identify" | "watch">;
  maxBrowsers: number;
  log: Log;
}

/** A list of 500 stream names is 50 kB. */
const MAX_MESSAGE_BYTES = 128 * 1024;
const PING_MS = 10_000;

/**
 * Socket.IO for the browsers: WebSocket only, as the fallback would let a request that no `Origin` is checked
 * of hold a connection open; only from our own pages; only for who may look.
 */
export function createBrowserServer(options: BrowserServerOptions): BrowserServer {
  const { http, hosts, signIn, maxBrowsers, log } = options;
  const principals = new WeakMap<object, Principal>();
  const io: BrowserServer = new Server(http, {
    transports: ["websocket"],
    serveClient: false,
    perMessageDeflate: false, // it would cost 300 kB and a compression for each browser
    httpCompression: false,
    maxHttpBufferSize: MAX_MESSAGE_BYTES,
    pingInterval: PING_MS,
    pingTimeout: PING_MS,
    connectTimeout: PING_MS,
    parser: rawJsonParser,
    allowRequest: (request, answer) => {
      const verdict = checkOrigin(request.headers, hosts);
      if (!verdict.ok) {
        log.warn({ cause: verdict.cause }, verdict.detail);
        answer(verdict.detail, false);
      } else if (io.engine.clientsCount >= maxBrowsers) {
        log.warn({ maxBrowsers }, "a browser was turned away: too many are connected");
        answer(`more than ${maxBrowsers} browsers`, false);
      } else answer(null, true);
    },
  });
  const admit = async (socket: BrowserSocket): Promise<Error | undefined> => {
    try {
      const { request } = socket;
      const principal = await signIn.identify(request.headers, request.socket.remoteAddress);
      if (principal === undefined) return new Error("unauthorized");
      principals.set(socket, principal);
      socket.data.user = { name: principal.name, role: principal.role };
      return undefined;
    } catch (error) {
      log.error({ err: error }, "a browser could not be identified");
      return new Error("unavailable");
    }
  };
  io.use((socket, proceed) => void admit(socket).then(proceed));
  io.on("connection", (socket) => {
    const principal = principals.get(socket);
    if (principal === undefined) return;
    const unwatch = signIn.watch(principal, () => {
      socket.emit("signed-out");
      socket.disconnect(true);
    });
    socket.on("disconnect", unwatch);
  });
  return io;
}
