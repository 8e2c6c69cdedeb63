import { once } from "node:events";
import { createServer } from "node:http";
import { text } from "node:stream/consumers";
import { describe, expect, it, onTestFinished } from "vitest";
import { quiet } from "../testing/quiet.js";
import { type AccessEvent, AccessReporter } from "./access-reporter.js";

const read = (more: Partial<AccessEvent> = {}): AccessEvent => ({
  who: "ann",
  what: "read",
  product: "air",
  allowed: true,
  reason: "read of env_desk_temperature",
  ...more,
});
const refusal = (who: string): AccessEvent => read({ who, allowed: false, reason: "not granted" });

interface Sent {
  address: string | undefined;
  token: string | undefined;
  entries: { who: string; count: number }[];
}

/** A registry that answers as it is told to, 200 at last; 0: it breaks the connection off. */
async function reporter(answers: number[], maxWaiting = 10) {
  const sent: Sent[] = [];
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      const answer = answers.shift() ?? 200;
      if (answer === 0) {
        request.socket.destroy();
        return;
      }
      const { entries } = JSON.parse(body) as Pick<Sent, "entries">;
      if (answer < 300) sent.push({ address: request.url, token: request.headers.authorization, entries });
      response.writeHead(answer).end("{}");
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("not listening");
  const made = new AccessReporter({
    url: new URL(`http://127.0.0.1:${address.port}/mesh`),
    token: "t0ken",
    clock: () => 5,
    log: quiet,
    maxWaiting,
  });
  return { made, sent };
}

describe("the registry's access log", () => {
  it("is told the same again as one entry with a count, and once the registry is back", async () => {
    const { made, sent } = await reporter([0, 503]);
    made.record(read());
    made.record(read());
    await made.flush();
    made.record(read());
    await made.flush();
    expect(sent).toEqual([]);
    await made.flush();
    expect(sent).toMatchObject([
      {
        address: "/mesh/access-log",
        token: "Bearer t0ken",
        entries: [{ who: "ann", count: 3, at: 5, via: "historian", allowed: true }],
      },
    ]);
    expect(made.counts).toEqual({ reported: 3, dropped: 0 });
  });

  it("is told of refusals rather than of reads when too many wait, and what is dropped is counted", async () => {
    const { made, sent } = await reporter([], 2);
    made.record(read({ who: "a" }));
    made.record(read({ who: "b" }));
    made.record(read({ who: "c" })); // no room
    made.record(refusal("d"));
    made.record(refusal("e"));
    made.record(refusal("f")); // only refusals wait
    await made.close();
    expect(sent[0]?.entries.map(({ who }) => who)).toEqual(["d", "e"]);
    expect(made.counts).toEqual({ reported: 2, dropped: 4 });
  });

  it("gives up what the registry refuses", async () => {
    const { made } = await reporter([422]);
    made.record(refusal("ann"));
    await made.flush();
    await made.flush();
    expect(made.counts).toEqual({ reported: 0, dropped: 1 });
  });
});
