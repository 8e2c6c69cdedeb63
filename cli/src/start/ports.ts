import { once } from "node:events";
import { connect, createServer } from "node:net";
import { UsageError } from "../exit.js";

/** A port that a service will listen on, and the variable that moves it. */
export interface WantedPort {
  service: string;
  variable: string;
  port: number;
}

/**
 * Checks, before anything is started, that every port is free on the host.
 * @throws UsageError naming the port, who wants it and the variable that changes it
 */
export async function checkPorts(wanted: readonly WantedPort[], host: string): Promise<void> {
  const seen = new Map<number, WantedPort>();
  for (const want of wanted) {
    const twin = want.port === 0 ? undefined : seen.get(want.port);
    if (twin !== undefined) {
      throw new UsageError(
        `${want.variable} and ${twin.variable} are both ${want.port}: give each a port of its own`,
      );
    }
    seen.set(want.port, want);
    const problem = await tryPort(want.port, host);
    if (problem === "EADDRINUSE") {
      const free = want.port === 65_535 ? 1_024 : want.port + 1;
      throw new UsageError(
        `port ${want.port}, which the ${want.service} needs, is taken: end what listens there, or choose another with ${want.variable}, as ${want.variable}=${free}`,
      );
    }
    if (problem === "EACCES") {
      throw new UsageError(
        `port ${want.port}, which the ${want.service} needs, is for root only: choose one above 1023 with ${want.variable}`,
      );
    }
    if (problem === "EADDRNOTAVAIL") {
      throw new UsageError(
        `HOST=${host} is no address of this machine: choose one of its own, 127.0.0.1 or 0.0.0.0`,
      );
    }
    if (problem !== undefined)
      throw new UsageError(
        `cannot listen on ${host}:${want.port} (${problem}): see HOST and ${want.variable}`,
      );
  }
}

/** The error's code when the port cannot be listened on. */
async function tryPort(port: number, host: string): Promise<string | undefined> {
  const server = createServer();
  server.listen(port, host);
  try {
    await once(server, "listening");
  } catch (error) {
    return error instanceof Error && "code" in error ? String(error.code) : String(error);
  }
  server.close();
  await once(server, "close");
  return undefined;
}

/** Resolves true when something accepts a connection there, false at the end of the time or when told to end. */
export async function waitForPort(
  port: number,
  host: string,
  limitMs: number,
  signal: AbortSignal,
): Promise<boolean> {
  const deadline = performance.now() + limitMs;
  while (performance.now() < deadline && !signal.aborted) {
    if (await accepts(port, host)) return true;
    await new Promise((resolve) => setTimeout(resolve, 100)); // ms
  }
  return false;
}

function accepts(port: number, host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host });
    socket.setTimeout(1_000, () => finish(false));
    socket.once("connect", () => finish(true));
    socket.once("error", () => finish(false));
    const finish = (result: boolean): void => {
      socket.destroy();
      resolve(result);
    };
  });
}

/** Where a process of this machine reaches a listener bound to `host`. */
export function reachableHost(host: string): string {
  if (host === "0.0.0.0") return "127.0.0.1";
  if (host === "::") return "::1";
  return host;
}

/** A host as it stands in a URL. */
export function urlHost(host: string): string {
  return host.includes(":") ? `[${host}]` : host;
}
