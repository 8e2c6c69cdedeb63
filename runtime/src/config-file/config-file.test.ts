import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { readDocument } from "./document.js";
import { problemsOf } from "./issues.js";
import { ConfigFileError } from "./problems.js";

const schema = z.strictObject({
  interval: z.number("a number of seconds").min(1).optional(),
  channels: z
    .array(
      z.discriminatedUnion("kind", [
        z.strictObject({ kind: z.literal("webhook"), url: z.string() }),
        z.strictObject({ kind: z.literal("email"), token: z.object({ env: z.string() }, "{env: NAME}") }),
      ]),
    )
    .max(2)
    .default([]),
  alarm: z
    .union([z.literal(false), z.strictObject({ after: z.number("a number") })], "false, or a map: {after}")
    .optional(),
});

function problems(text: string): string[] {
  try {
    const document = readDocument(text, "house.yaml");
    const parsed = schema.safeParse(document.content);
    if (parsed.success) return [];
    const found = problemsOf(schema, parsed.error, document.content);
    throw new ConfigFileError(
      "house.yaml",
      found.map((problem) => document.locate(problem)),
    );
  } catch (error) {
    if (error instanceof ConfigFileError) return error.message.split("\n");
    throw error;
  }
}

describe("a configuration file", () => {
  it("that is right has no problems, as YAML and as JSON", () => {
    expect(problems("interval: 2\nchannels:\n  - kind: webhook\n    url: x\n")).toEqual([]);
    expect(problems('{"interval": 2}')).toEqual([]);
  });

  it.each([
    ["interval: 0.5", "line 1: interval is 0.5: expected a number of seconds"],
    ["\n\ninterval: soon", 'line 3: interval is "soon": expected a number of seconds'],
    ["intervall: 2", 'line 1: intervall: unknown key; did you mean "interval"?'],
    ["channels:\n  - kind: pigeon", 'line 2: channels[0].kind is "pigeon": expected one of webhook, email'],
    [
      "channels:\n  - kind: webhok",
      'line 2: channels[0].kind is "webhok": expected one of webhook, email; did you mean "webhook"?',
    ],
    [
      "channels:\n  - kind: webhook\n    urll: x",
      'line 3: channels[0].urll: unknown key; did you mean "url"?',
    ],
    ["channels: yes", 'line 1: channels is "yes": expected a list'],
    ["alarm: soon", 'line 1: alarm is "soon": expected false, or a map: {after}'],
    ["alarm:\n  after: soon", 'line 2: alarm.after is "soon": expected a number'],
    ["alarm:\n  aftr: 1", 'line 2: alarm.aftr: unknown key; did you mean "after"?'],
    ["a: [", "line 1: the file: not YAML"],
  ])("%j is told by line, field, value and what is expected", (text, message) => {
    const [first, ...told] = problems(text);
    expect(first).toMatch(/^\d+ problems? in house\.yaml$/);
    expect(told.join("\n")).toContain(`  ${message}`);
  });

  it("with a secret in the wrong place does not have it told on", () => {
    const told = problems("channels:\n  - kind: email\n    token: hunter2").join();
    expect(told).toContain("line 3: channels[0].token: expected {env: NAME}");
    expect(told).not.toContain("hunter2");
  });

  it("never fails in another way, whatever it holds", () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string(), fc.string({ unit: fc.constantFrom(..."{}[]:-&*!|>'\"%@ \n\tabc1".split("")) })),
        (text) => {
          expect(Array.isArray(problems(text))).toBe(true);
        },
      ),
      { numRuns: 500 },
    );
  });
});
