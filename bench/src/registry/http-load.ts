import { connect, type Socket } from "node:net";

export interface LoadPlan {
  port: number;
  connections: number;
  /** The bytes of the next request; undefined when there is none left. */
  next: () => string | undefined;
  /** What every answer has to be; another one fails the run. */
  status: number;
}

export interface LoadResult {
  answers: number;
  seconds: number;
  /** Of each answer, from its request to its last byte; ms. */
  latenciesMs: number[];
  /** Of the bodies. */
  bytes: number;
}

const HEADERS_END = Buffer.from("\r\n\r\n");

/** The bytes of a request on a connection that stays open. */
export function requestBytes(method: string, path: string, body?: object): string {
  const head = `${method} ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\n`;
  if (body === undefined) return `${head}\r\n`;
  const json = JSON.stringify(body);
  const length = Buffer.byteLength(json);
  return `${head}Content-Type: application/json\r\nContent-Length: ${length}\r\n\r\n${json}`;
}

/**
 * Sends requests over connections that stay open, on each the next one when the answer is there. Bytes are
 * counted rather than parsed: the load shares the machine with what it measures, and must not be the limit.
 */
export async function httpLoad({ port, connections, next, status }: LoadPlan): Promise<LoadResult> {
  const latenciesMs: number[] = [];
  let bytes = 0;
  const startedAt = performance.now();
  await Promise.all(
    Array.from({ length: connections }, async () => {
      const socket = connect({ port, host: "127.0.0.1", noDelay: true });
      try {
        bytes += await caller(socket, { next, status, latenciesMs });
      } finally {
        socket.destroy();
      }
    }),
  );
  const seconds = (performance.now() - startedAt) / 1_000;
  return { answers: latenciesMs.length, seconds, latenciesMs, bytes };
}

/** Resolves with the bytes of all bodies when there is no request left. */
function caller(
  socket: Socket,
  { next, status, latenciesMs }: Pick<LoadPlan, "next" | "status"> & { latenciesMs: number[] },
): Promise<number> {
  return new Promise((resolve, reject) => {
    let bytes = 0;
    let sentAt = 0;
    /** What is there of an answer whose header has not ended. */
    let head: Buffer | undefined;
    /** Bytes of the body that are still to come. */
    let missing = 0;
    const ask = (): void => {
      const request = next();
      if (request === undefined) {
        resolve(bytes);
        return;
      }
      sentAt = performance.now();
      socket.write(request);
    };
    const done = (): void => {
      latenciesMs.push(performance.now() - sentAt);
      ask();
    };
    socket.on("connect", ask).on("error", reject);
    socket.on("close", () => reject(new Error("the connection was closed before the answer was there")));
    socket.on("data", (chunk: Buffer) => {
      if (missing > 0) {
        missing -= chunk.length;
        if (missing === 0) done();
        return;
      }
      head = head === undefined ? chunk : Buffer.concat([head, chunk]);
      const end = head.indexOf(HEADERS_END);
      if (end < 0) return;
      const text = head.toString("latin1", 0, end);
      if (!text.startsWith(`HTTP/1.1 ${status} `)) {
        reject(new Error(`expected ${status}, had: ${head.toString("utf8", 0, 600)}`));
        return;
      }
      const length = Number(/^content-length: (\d+)$/im.exec(text)?.[1] ?? Number.NaN);
      if (Number.isNaN(length)) {
        reject(new Error(`expected Content-Length in: ${text}`));
        return;
      }
      bytes += length;
      missing = length - (head.length - end - HEADERS_END.length);
      head = undefined;
      if (missing === 0) done();
    });
  });
}
