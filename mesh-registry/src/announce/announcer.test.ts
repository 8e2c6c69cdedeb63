import { type Broker, startBroker } from "@fieldmesh/broker";
import { createMqttLink, type MqttLink } from "@fieldmesh/runtime";
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from "vitest";
import { quiet } from "../testing/quiet.js";
import { retainedOn, SOON, wireClient } from "../testing/wire-node.js";
import { type Announcer, createAnnouncer } from "./announcer.js";

let broker: Broker;
beforeAll(async () => {
  broker = await startBroker({ port: 0 });
});
afterAll(() => broker.close());
const urlOf = ({ port }: Broker): string => `mqtt://127.0.0.1:${port}`;

/** As the registry has it; started when all that holds was announced. */
function announcing(url = urlOf(broker)): { announcer: Announcer; link: MqttLink } {
  const link = createMqttLink({ urls: [url], clientId: "fm_registry", log: quiet });
  onTestFinished(() => link.close());
  return { announcer: createAnnouncer({ link, log: quiet }), link };
}

test("what is announced stands there, what is taken back does not, and what nobody announced goes", async () => {
  const other = await wireClient(urlOf(broker), "before");
  await other.publish("mesh/product/gone", "{}", { retain: true });
  await other.publish("mesh/product/kept", "as it is", { retain: true });
  await other.publish("mesh/quality/x", "not ours", { retain: true });
  const standing = await retainedOn(urlOf(broker), "mesh/#");
  const { announcer, link } = announcing();
  announcer.announce("mesh/product/kept", "as it is");
  announcer.announce("mesh/product/new", "1");
  announcer.announce("mesh/compliance/new", "pass");
  announcer.announce("mesh/product/new", "2");
  link.start();
  announcer.start();
  const now = (): object => Object.fromEntries(standing);
  await vi.waitFor(
    () =>
      expect(now()).toEqual({
        "mesh/compliance/new": "pass",
        "mesh/product/kept": "as it is",
        "mesh/product/new": "2",
        "mesh/quality/x": "not ours",
      }),
    SOON,
  );
  announcer.announce("mesh/compliance/new", undefined);
  announcer.announce("mesh/product/new", undefined);
  announcer.announce("mesh/product/new", "3");
  await vi.waitFor(() => {
    expect(standing.get("mesh/product/new")).toBe("3");
    expect(standing.has("mesh/compliance/new")).toBe(false);
  }, SOON);
});

test("a broker that comes back with nothing has all of it again", async () => {
  const first = await startBroker({ port: 0 });
  const url = urlOf(first);
  const { announcer, link } = announcing(url);
  announcer.announce("mesh/product/a", "1");
  link.start();
  announcer.start();
  const before = await retainedOn(url, "mesh/#");
  await vi.waitFor(() => expect(before.get("mesh/product/a")).toBe("1"), SOON);
  await first.close();
  await vi.waitFor(() => expect(link.connected).toBe(false), SOON);
  announcer.announce("mesh/product/b", "2");
  const second = await startBroker({ port: first.port });
  onTestFinished(() => second.close());
  const after = await retainedOn(url, "mesh/#");
  await vi.waitFor(
    () => expect(Object.fromEntries(after)).toEqual({ "mesh/product/a": "1", "mesh/product/b": "2" }),
    { ...SOON, timeout: 30_000 },
  );
}, 60_000);

test("only what is the registry's is announced, and nothing without a broker", () => {
  const announcer = createAnnouncer({ link: undefined, log: quiet });
  announcer.announce("mesh/product/a", "1");
  expect(() => announcer.announce("env/desk/birth", "1")).toThrow(TypeError);
  expect(() => announcer.announce("mesh/product/a/b", "1")).toThrow(TypeError);
});
