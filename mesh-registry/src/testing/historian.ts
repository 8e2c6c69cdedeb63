import { createServer, type IncomingHttpHeaders } from "node:http";
import { onTestFinished } from "vitest";

export interface HistorianDouble {
  url: URL;
  asked: { path: string; headers: IncomingHttpHeaders }[];
}

/** Answers as the historian does: of one stream it has a reading each second, whose value counts them. */
export async function historianDouble(
  stream: string,
  { from, readings }: { from: number; readings: number },
): Promise<HistorianDouble> {
  const asked: HistorianDouble["asked"] = [];
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? "", "http://historian");
    asked.push({ path: pathname, headers: request.headers });
    if (pathname === `/api/history/streams/${stream}`) {
      response.end(JSON.stringify({ stream, readings, from, to: from + (readings - 1) * 1_000 }));
    } else if (pathname === `/api/history/streams/${stream}/readings`) {
      for (let n = 0; n < readings; n += 1) {
        const at = from + n * 1_000;
        if (at < Number(searchParams.get("from")) || at >= Number(searchParams.get("to"))) continue;
        const quality = n === 0 ? { quality: "bad", reason: "open circuit" } : {};
        const row = { at, timestamp: at, value: n, unit: "Cel", ...quality, boot: 1, seq: n };
        response.write(`${JSON.stringify(row)}\n`);
      }
      response.end();
    } else {
      response.writeHead(404, { "Content-Type": "application/problem+json" }).end("{}");
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    return new Promise((resolve) => void server.close(() => resolve()));
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return { url: new URL(`http://127.0.0.1:${address.port}`), asked };
}
