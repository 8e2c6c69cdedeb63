import { once } from "node:events";
import { connect } from "node:net";
import { startBroker } from "@fieldmesh/broker";
import { encodeBirth } from "@fieldmesh/protocol";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { defaultDashboardConfig } from "./config/read-config.js";
import { Stack } from "./testing/stack.js";

const WAIT = { timeout: 10_000, interval: 20 };
const TEMPERATURE = "env_greenhouse_temperature";

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, index) => from + index);
}

describe("browsers", () => {
  let stack: Stack;
  beforeEach(async () => {
    stack = await Stack.start(startBroker);
  });
  afterEach(async () => {
    await stack.close();
  });

  test("a slow one gets fewer and larger frames, a quick one beside it is not held up", async () => {
    const dashboard = await stack.dashboard();
    const node = await stack.node("greenhouse");
    const [quick, slow] = [stack.browser(dashboard.url), stack.browser(dashboard.url)];
    slow.holdsAcks = true;
    for (const browser of [quick, slow]) browser.show(TEMPERATURE);
    await vi.waitFor(() => expect(quick.nodes.size).toBe(1), WAIT);
    for (let i = 1; i <= 60; i += 1) {
      await node.read(i);
      if (i % 10 === 0) await vi.waitFor(() => expect(quick.seqs(TEMPERATURE)).toEqual(range(1, i)), WAIT);
    }
    expect(quick.frames).toBeGreaterThanOrEqual(6);
    expect(slow.frames).toBe(1);
    slow.releaseAcks();
    await vi.waitFor(() => expect(slow.seqs(TEMPERATURE)).toEqual(range(1, 60)), WAIT);
    expect(slow.frames).toBe(2);
  });

  test("one whose network stands still costs nothing, and harms nobody", async () => {
    const dashboard = await stack.dashboard();
    const node = await stack.node("greenhouse");
    const quick = stack.browser(dashboard.url);
    quick.show(TEMPERATURE);
    // A WebSocket by hand, of which nothing is read after the handshake.
    const socket = connect(dashboard.port, "127.0.0.1");
    stack.own(() => Promise.resolve(socket.destroy()));
    await once(socket, "connect");
    socket.write(
      [
        "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1",
        `Host: 127.0.0.1:${dashboard.port}`,
        `Origin: ${dashboard.url}`,
        "Connection: Upgrade",
        "Upgrade: websocket",
        "Sec-WebSocket-Version: 13",
        `Sec-WebSocket-Key: ${Buffer.alloc(16).toString("base64")}`,
        "\r\n",
      ].join("\r\n"),
    );
    await once(socket, "data");
    socket.write(textFrame("40")); // Socket.IO's CONNECT
    socket.write(textFrame(`42["show",{"streams":[{"name":"${TEMPERATURE}"}]}]`));
    socket.pause();
    for (let i = 1; i <= 20; i += 1) await node.read(i);
    await vi.waitFor(() => expect(quick.seqs(TEMPERATURE)).toEqual(range(1, 20)), WAIT);
  });

  test("senseless messages are refused and counted; who sends many is disconnected", async () => {
    const dashboard = await stack.dashboard();
    await stack.node("greenhouse");
    const witness = stack.browser(dashboard.url);
    const hostile = stack.browser(dashboard.url);
    await vi.waitFor(() => expect(hostile.hello).toBeDefined(), WAIT);
    const send = hostile.socket.emit.bind(hostile.socket) as (event: string, ...values: unknown[]) => unknown;
    const payloads: unknown[] = [
      undefined,
      null,
      5,
      "env_a_b",
      { streams: "env_a_b" },
      { streams: [null] },
      { streams: [{ name: "<img src=x>" }] },
      { streams: [{ name: "env_a_b", n: -1 }] },
      { streams: [{ name: "env_a_b", n: 1e300 }] },
      { streams: [{ name: "__proto__" }] },
      { streams: Array.from({ length: 6_000 }, () => ({ name: "env_a_b" })).slice(0, 1_500), more: {} },
      { streams: [{ name: ["env_a_b"] }] },
    ];
    for (const payload of payloads) send("show", payload);
    send("frame", {});
    send("admin", { drop: true }, Buffer.from("x"));
    await vi.waitFor(() => expect(witness.dropped?.byCause["browser"]).toBe(13), WAIT);
    expect(hostile.socket.connected).toBe(true);
    for (let i = 0; i < 10; i += 1) send("nothing", i);
    await vi.waitFor(() => expect(hostile.socket.connected).toBe(false), WAIT);
    expect(witness.socket.connected).toBe(true);
  });

  test("more than there is room for are turned away", async () => {
    const dashboard = await stack.dashboard({ ...defaultDashboardConfig(), browsers: 2 });
    const first = [stack.browser(dashboard.url), stack.browser(dashboard.url)];
    await vi.waitFor(() => expect(first.every(({ hello }) => hello !== undefined)).toBe(true), WAIT);
    const third = stack.browser(dashboard.url);
    await vi.waitFor(() => expect(third.error).toBeDefined(), WAIT);
    first[0]?.close();
    await vi.waitFor(async () => {
      const fourth = stack.browser(dashboard.url);
      await vi.waitFor(() => expect(fourth.hello).toBeDefined(), { timeout: 500 });
    }, WAIT);
  });

  test("markup in labels, hosts and messages arrives as the text that it is", async () => {
    const dashboard = await stack.dashboard();
    const markup = '<script>alert(1)</script>"\u2028</script><img src=x onerror=alert(1)>';
    const node = await stack.node("greenhouse");
    Object.assign(node.birth, { label: markup, host: markup.slice(0, 60) });
    await node.publish("birth", encodeBirth(node.birth), true);
    await node.event("raised", 1, { message: markup });
    const browser = stack.browser(dashboard.url);
    await vi.waitFor(() => {
      expect(browser.nodes.get("env/greenhouse")?.label).toBe(markup);
      expect([...browser.standing.values()][0]?.event.message).toBe(markup);
    }, WAIT);
    const answer = await fetch(`${dashboard.url}/api/state`);
    expect(answer.headers.get("content-type")).toContain("application/json");
    expect(answer.headers.get("x-content-type-options")).toBe("nosniff");
  });
});

/** A masked text frame (RFC 6455 §5.2), as a browser sends it. */
function textFrame(text: string): Buffer {
  const payload = Buffer.from(text);
  return Buffer.concat([Buffer.from([0x81, 0x80 | payload.length, 0, 0, 0, 0]), payload]);
}
