import type { AddressInfo, Server } from "node:net";
import { BrokerStartError } from "./listen-error.js";

/** Connections that the kernel holds while this process is busy: a thousand nodes may come back at once. */
const BACKLOG = 1024;

/**
 * Opens a server on an address; resolves with the port it got.
 * @param variable the environment variable that changes the port, for the message
 * @throws {BrokerStartError}
 */
export async function listen(server: Server, host: string, port: number, variable: string): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen({ host, port, backlog: BACKLOG }, () => {
      server.off("error", reject);
      resolve();
    });
  }).catch((cause: NodeJS.ErrnoException) => {
    throw new BrokerStartError(explain(cause.code ?? "unknown error", host, port, variable), { cause });
  });
  return (server.address() as AddressInfo).port;
}

function explain(code: string, host: string, port: number, variable: string): string {
  switch (code) {
    case "EADDRINUSE":
      return `port ${port} on ${host} is taken: set ${variable} to another port, or end what listens there`;
    case "EACCES":
      return `port ${port} on ${host} may not be opened by this user: set ${variable} to a port above 1023`;
    case "EADDRNOTAVAIL":
      return `${host} is no address of this machine: set HOST to one that is`;
    default:
      return `port ${port} on ${host} cannot be opened (${code}): look at ${variable} and HOST`;
  }
}
