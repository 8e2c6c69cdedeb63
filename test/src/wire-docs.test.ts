import { readFile } from "node:fs/promises";
import { CONSUMER_FILTERS, MAX_PAYLOAD_BYTES, parseMessage, RESERVED_DOMAINS } from "@fieldmesh/protocol";
import { describe, expect, it } from "vitest";

const page = await readFile(new URL("../../docs/wire.md", import.meta.url), "utf8");
const blocks = [...page.matchAll(/```text\n([\s\S]*?)```/g)].flatMap(([, block = ""]) =>
  block.trim().split("\n"),
);
const examples = blocks.map(
  (line) => [line.slice(0, line.indexOf(" ")), line.slice(line.indexOf(" ") + 1)] as const,
);

describe("docs/wire.md", () => {
  it.each(examples)("shows %s as the parser takes it", (topic, payload) => {
    const parsed = parseMessage(topic, new TextEncoder().encode(payload), { now: Date.now(), retain: false });
    expect(parsed).toMatchObject({ ok: true });
  });

  it("has an example of every kind of message", () => {
    const kinds = examples.map(([topic, payload]) => {
      const parsed = parseMessage(topic, new TextEncoder().encode(payload), { now: 0, retain: false });
      return parsed.ok ? parsed.value.kind : parsed.cause;
    });
    expect(new Set(kinds)).toEqual(
      new Set(["reading", "event", "birth", "status", "stats", "reply", "quality", "alarm"]),
    );
  });

  it("shows commands and acknowledgements as the parser takes them", () => {
    const published = [...page.matchAll(/-t (\S+) \\?\s*-m '([^']+)'/g)];
    expect(published.length).toBeGreaterThan(1);
    for (const [, topic = "", payload = ""] of published) {
      const bytes = new TextEncoder().encode(payload);
      expect(parseMessage(topic, bytes, { now: 0, retain: false }), topic).toMatchObject({ ok: true });
    }
  });

  it("names every reserved domain, and the limits and subscriptions of the code", () => {
    for (const domain of RESERVED_DOMAINS) expect(page).toContain(`\`${domain}\``);
    for (const filter of [...CONSUMER_FILTERS.readings, "+/event/#"]) expect(page).toContain(`\`${filter}\``);
    expect(page).toContain(`${MAX_PAYLOAD_BYTES.raw / 1_024} KiB for a reading`);
    expect(page).toContain(`${MAX_PAYLOAD_BYTES.event / 1_024} KiB for an event`);
    expect(page).toContain(`${MAX_PAYLOAD_BYTES.birth / 1_024} KiB for a birth`);
    expect(page).toContain(`${MAX_PAYLOAD_BYTES.stats / 1_024 / 1_024} MiB for stats`);
  });
});
