import { describe, expect, it, vi } from "vitest";
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

function reporter(answers: (number | "away")[], maxWaiting = 10) {
  const sent: { address: string; token: string | null; entries: { who: string; count: number }[] }[] = [];
  const ask = vi.fn<typeof fetch>((input, init) => {
    const answer = answers.shift() ?? 200;
    if (answer === "away") return Promise.reject(new TypeError("fetch failed"));
    if (answer < 300) {
      const { entries } = JSON.parse(String(init?.body)) as { entries: { who: string; count: number }[] };
      const token = new Headers(init?.headers).get("Authorization");
      sent.push({ address: String(input), token, entries });
    }
    return Promise.resolve(new Response("{}", { status: answer }));
  });
  const made = new AccessReporter({
    url: new URL("http://127.0.0.1:8000/mesh"),
    token: "t0ken",
    clock: () => 5,
    log: quiet,
    fetch: ask,
    maxWaiting,
  });
  return { made, sent };
}

describe("the registry's access log", () => {
  it("is told the same again as one entry with a count, and once the registry is back", async () => {
    const { made, sent } = reporter(["away", 503]);
    made.record(read());
    made.record(read());
    await made.flush();
    made.record(read());
    await made.flush();
    expect(sent).toEqual([]);
    await made.flush();
    expect(sent).toMatchObject([
      {
        address: "http://127.0.0.1:8000/mesh/access-log",
        token: "Bearer t0ken",
        entries: [{ who: "ann", count: 3, at: 5, via: "historian", allowed: true }],
      },
    ]);
    expect(made.counts).toEqual({ reported: 3, dropped: 0 });
  });

  it("is told of refusals rather than of reads when too many wait, and what is dropped is counted", async () => {
    const { made, sent } = reporter([], 2);
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
    const { made } = reporter([422]);
    made.record(refusal("ann"));
    await made.flush();
    await made.flush();
    expect(made.counts).toEqual({ reported: 0, dropped: 1 });
  });
});
