// Topic names and filters [MQTT-4.7], and the UTF-8 that they and other strings are written in [MQTT-1.5.3].
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { publishFrame } from "../contract/frame-counter.js";
import { CANDIDATES, heldBy } from "./brokers.js";
import { connect, FLAG, field, identifier, packet } from "./bytes.js";
import { Peer } from "./peer.js";

describe.each(CANDIDATES)("$name", ({ start, missing, differs }) => {
  let broker: Awaited<ReturnType<typeof start>>;
  beforeAll(async () => {
    if (missing === null) broker = await start();
  });
  afterAll(() => broker?.close());
  const test = heldBy({ missing, differs }, it);
  /** A connected client sends this; what came until the broker closed the connection. */
  async function answerTo(...bytes: Buffer[]): Promise<object[]> {
    using peer = await Peer.connected(broker.port);
    peer.send(...bytes);
    return await peer.closedAfter();
  }
  /** Sends this as the first bytes of a connection. */
  async function answerToFirst(...bytes: Buffer[]): Promise<object[]> {
    using peer = new Peer(broker.port);
    peer.send(...bytes);
    return await peer.closedAfter();
  }
  /** Which of the topics a subscription to the filter brings, published at QoS 0 and at QoS 1. */
  async function matched(filter: string, topics: readonly string[]): Promise<string[]> {
    using reader = await Peer.connected(broker.port);
    await reader.subscribe(filter, 1);
    using publisher = await Peer.connected(broker.port);
    for (const topic of topics) {
      publisher.send(publishFrame(topic, "0", 0));
      await publisher.publish(topic, "1");
    }
    const got = (await reader.messages()).map(({ topic, payload }) => `${topic} ${payload.toString()}`);
    const both = topics.filter((topic) => got.includes(`${topic} 0`) && got.includes(`${topic} 1`));
    expect(got).toHaveLength(2 * both.length);
    return both;
  }
  const topics = ["a", "a/b", "a/b/c", "a//c", "/a", "a/", "/", "b/a", "A", "ab"];

  test("[MQTT-4.7.1-1] a topic name with a wildcard ends the connection", async () => {
    for (const topic of ["#", "a/+"]) {
      for (const first of [0x30, 0x31]) expect(await answerTo(packet(first, field(topic), 120))).toEqual([]);
    }
  });

  test("[MQTT-4.7.1-2] # elsewhere than at the end, or beside other characters, ends the connection", async () => {
    for (const filter of ["#/a", "a/#/b", "a#", "a/b#", "##", "#+"]) {
      expect(await answerTo(packet(0x82, 0, 1, field(filter), 0))).toEqual([]);
    }
  });

  test("[MQTT-4.7.1-2] # matches its parent and every level below", async () => {
    expect(await matched("#", topics)).toEqual(topics);
    expect(await matched("a/#", topics)).toEqual(["a", "a/b", "a/b/c", "a//c", "a/"]);
    expect(await matched("/#", topics)).toEqual(["/a", "/"]);
  });

  test("[MQTT-4.7.1-3] + beside other characters ends the connection", async () => {
    for (const filter of ["a+", "+a", "a/b+", "++", "a/+b/c"]) {
      expect(await answerTo(packet(0x82, 0, 1, field(filter), 0))).toEqual([]);
    }
  });

  test("[MQTT-4.7.1-3] + matches exactly one level, also an empty one", async () => {
    expect(await matched("+", topics)).toEqual(["a", "A", "ab"]);
    expect(await matched("a/+", topics)).toEqual(["a/b", "a/"]);
    expect(await matched("+/+", topics)).toEqual(["a/b", "/a", "a/", "/", "b/a"]);
    expect(await matched("a/+/c", topics)).toEqual(["a/b/c", "a//c"]);
    expect(await matched("+/a", topics)).toEqual(["/a", "b/a"]);
  });

  test("[MQTT-4.7.2-1] a wildcard at the beginning does not match topics that begin with $", async () => {
    using reader = await Peer.connected(broker.port);
    await reader.subscribe(["#", "+/broker/#", "+/broker/version"], 1);
    expect((await reader.messages()).filter(({ topic }) => topic.startsWith("$"))).toEqual([]);
    using asking = await Peer.connected(broker.port);
    await asking.subscribe("$SYS/broker/version");
    expect(await asking.next("publish")).toMatchObject({ topic: "$SYS/broker/version" });
  });

  test("[MQTT-4.7.3-1] an empty topic name or filter ends the connection", async () => {
    const faulty = [
      packet(0x30, field(""), 120),
      packet(0x32, field(""), identifier(1), 120),
      packet(0x82, 0, 1, field(""), 0),
      packet(0xa2, 0, 1, field("")),
    ];
    for (const bytes of faulty) expect(await answerTo(bytes)).toEqual([]);
  });

  test("[MQTT-4.7.3-2] U+0000 in a topic name or filter ends the connection", async () => {
    const faulty = [
      packet(0x30, field("a\0"), 120),
      packet(0x32, field("\0"), identifier(1), 120),
      packet(0x82, 0, 1, field("a/\0/b"), 0),
      packet(0xa2, 0, 1, field("\0a")),
    ];
    for (const bytes of faulty) expect(await answerTo(bytes)).toEqual([]);
  });

  test("[MQTT-4.7.3-3] a topic name and a filter of 65,535 bytes are taken", async () => {
    const longest = `é${"x".repeat(65_533)}`; // in bytes of UTF-8
    expect(Buffer.byteLength(longest)).toBe(65_535);
    using reader = await Peer.connected(broker.port);
    expect(await reader.subscribe(longest, 1)).toEqual([1]);
    await reader.publish(longest, "m").catch(() => undefined); // the message may come before the answer
    using publisher = await Peer.connected(broker.port);
    await publisher.publish(longest, "m");
    expect(reader.bytes.length).toBeGreaterThan(65_535);
  });

  test("[MQTT-4.7.3-4] names that look alike are not the same", async () => {
    const names = [
      "é",
      "e\u0301",
      "E",
      "a",
      "a/",
      "/a",
      "a//b",
      "a/b",
      " a",
      "a ",
      "ﬁ",
      "fi",
      "\u00c5",
      "\u212b",
      "%61",
      "a\u200b",
    ];
    for (const name of names) expect(await matched(name, names)).toEqual([name]);
  });

  const ILL_FORMED = [
    "ff",
    "c080",
    "eda080",
    "edbfbf",
    "e282",
    "f4908080",
    "80",
    "f8888080 80".replace(" ", ""),
  ];

  test("[MQTT-1.5.3-1] ill-formed UTF-8 in a topic name or filter ends the connection", async () => {
    for (const hex of ILL_FORMED) {
      const text = field(Buffer.from(hex, "hex"));
      expect(await answerTo(packet(0x30, text, 120))).toEqual([]);
      expect(await answerTo(packet(0x32, text, identifier(1), 120))).toEqual([]);
      expect(await answerTo(packet(0x82, 0, 1, text, 0))).toEqual([]);
      expect(await answerTo(packet(0xa2, 0, 1, text))).toEqual([]);
    }
  });

  test("[MQTT-1.5.3-1] [MQTT-3.1.3-4] ill-formed UTF-8 in a client id ends the connection", async () => {
    for (const hex of ILL_FORMED) {
      expect(await answerToFirst(connect({ payload: [field(Buffer.from(hex, "hex"))] }))).toEqual([]);
    }
  });

  test("[MQTT-1.5.3-1] [MQTT-3.1.3-10] ill-formed UTF-8 in a will topic ends the connection", async () => {
    for (const hex of ILL_FORMED) {
      const payload = [field("ill-will"), field(Buffer.from(hex, "hex")), field("m")];
      expect(await answerToFirst(connect({ flags: FLAG.clean | FLAG.will, payload }))).toEqual([]);
    }
  });

  test("[MQTT-1.5.3-1] [MQTT-3.1.3-11] ill-formed UTF-8 in a user name ends the connection", async () => {
    for (const hex of ILL_FORMED) {
      const payload = [field("ill-name"), field(Buffer.from(hex, "hex"))];
      expect(await answerToFirst(connect({ flags: FLAG.clean | FLAG.userName, payload }))).toEqual([]);
    }
  });

  test("[MQTT-1.5.3-2] U+0000 in any string ends the connection", async () => {
    const nul = field("a\0b");
    expect(await answerToFirst(connect({ payload: [nul] }))).toEqual([]);
    expect(
      await answerToFirst(connect({ flags: FLAG.clean | FLAG.will, payload: [field("n"), nul, field("m")] })),
    ).toEqual([]);
    expect(
      await answerToFirst(connect({ flags: FLAG.clean | FLAG.userName, payload: [field("n"), nul] })),
    ).toEqual([]);
    for (const bytes of [packet(0x30, nul), packet(0x82, 0, 1, nul, 0), packet(0xa2, 0, 1, nul)]) {
      expect(await answerTo(bytes)).toEqual([]);
    }
  });

  test("[MQTT-1.5.3-3] U+FEFF is neither stripped nor skipped", async () => {
    const names = ["\ufeff", "\ufeffa", "a\ufeff", "a"];
    for (const name of names) expect(await matched(name, names)).toEqual([name]);
  });
});
