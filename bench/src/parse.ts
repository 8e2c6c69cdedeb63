import { encodeReading, parseMessage, type Reading } from "@fieldmesh/protocol";
import type { Benchmark } from "./benchmark.js";
import { median, spread } from "./statistics.js";

const LIMIT_US = 5;

/** Time to take a reading off the wire: topic and payload, from bytes to a checked value. */
export const parse: Benchmark = {
  title: "Parsing a reading",
  async run({ progress, quick }) {
    const encoder = new TextEncoder();
    const messages = Array.from({ length: 1_000 }, (_, i): [string, Uint8Array] => {
      const reading: Reading = {
        node: `node-${i % 50}`,
        sensor: `sensor-${i % 20}`,
        value: Math.round(i * 7.31) / 100,
        unit: "Cel",
        timestamp: 1_763_640_000_000 + i,
        boot: 1_763_639_000,
        seq: i + 1,
      };
      return [`env/node-${i % 50}/sensor-${i % 20}/raw`, encoder.encode(encodeReading(reading))];
    });
    const decoder = new TextDecoder();
    const now = Date.now();
    const subjects: Record<string, (topic: string, payload: Uint8Array) => unknown> = {
      "parseMessage: topic, UTF-8, JSON, every field checked": (topic, payload) =>
        parseMessage(topic, payload, { now, retain: false }).ok,
      "peer: TextDecoder and JSON.parse alone, nothing checked": (_, payload) =>
        JSON.parse(decoder.decode(payload)),
    };
    const rounds = quick ? 3 : 15;
    const samples = Object.fromEntries(Object.keys(subjects).map((name): [string, number[]] => [name, []]));
    for (let round = -1; round < rounds; round += 1) {
      progress(round < 0 ? "warming up" : `round ${round + 1} of ${rounds}`);
      for (const [name, subject] of Object.entries(subjects)) {
        const repeats = 200;
        const startedAt = process.hrtime.bigint();
        for (let i = 0; i < repeats; i += 1) for (const [topic, payload] of messages) subject(topic, payload);
        const us = Number(process.hrtime.bigint() - startedAt) / 1_000 / (repeats * messages.length);
        if (round >= 0) samples[name]?.push(us);
      }
    }
    const ours = median(Object.values(samples)[0] ?? []);
    return {
      title: "Parsing a reading",
      about: `From the bytes of topic and payload (${messages[0]?.[1].length} bytes) to a checked value; ${rounds} runs of 200,000 readings each.`,
      columns: ["", "µs per reading"],
      rows: Object.entries(samples).map(([name, us]) => [name, spread(us, 2)]),
      required: [{ text: `at most ${LIMIT_US} µs`, met: ours <= LIMIT_US }],
      data: samples,
    };
  },
};
