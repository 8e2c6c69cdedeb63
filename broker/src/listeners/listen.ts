import type { AddressInfo, Server } from "node:net";
import { explainListenError, type VariableName } from "@fieldmesh/runtime";

/** Connections that the kernel holds while this process is busy: a thousand nodes may come back at once. */
const BACKLOG = 1024;

/**
 * Opens a server on an address; resolves with the port it got.
 * @param variable the environment variable that changes the port, for the message
 * @throws {ConfigurationError} that names the variable when the port is taken
 */
export async function listen(
  server: Server,
  host: string,
  port: number,
  variable: VariableName,
): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    const onError = (error: Error): void => reject(explainListenError(error, host, port, variable));
    server.once("error", onError);
    server.listen({ host, port, backlog: BACKLOG }, () => {
      server.off("error", onError);
      resolve();
    });
  });
  return (server.address() as AddressInfo).port;
}
