import { once } from "node:events";
import { connect } from "node:net";
import type { Duplex } from "node:stream";
import { connect as connectTls } from "node:tls";
import { createWebSocketStream, WebSocket } from "ws";

export type TransportName = "tcp" | "tls" | "ws";

/** Where a broker of this machine is reached. */
export interface Address {
  port: number;
  transport: TransportName;
}

/** A stream of bytes to a broker. Certificates are not checked: they are the benchmark's own. */
export async function openStream({ port, transport }: Address): Promise<Duplex> {
  const host = "127.0.0.1";
  if (transport === "ws") {
    const socket = new WebSocket(`ws://${host}:${port}`, "mqtt");
    await once(socket, "open");
    return createWebSocketStream(socket);
  }
  if (transport === "tls") {
    const socket = connectTls({ port, host, rejectUnauthorized: false });
    await once(socket, "secureConnect");
    return socket.setNoDelay(true);
  }
  const socket = connect({ port, host, noDelay: true });
  await once(socket, "connect");
  return socket;
}
