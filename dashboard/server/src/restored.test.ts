import type { AlarmView } from "@fieldmesh/protocol";
import type { ConsumerNode } from "@fieldmesh/runtime";
import { expect, test } from "vitest";
import { Restored } from "./restored.js";
import { quiet } from "./testing/quiet.js";

function alarm(key: string, node: string, sensor: string): [string, AlarmView] {
  const event = {
    node,
    sensor,
    rule: "r",
    state: "raised",
    severity: "warning",
    value: 1,
    unit: "1",
  } as const;
  const times = { timestamp: 1, since: 1, boot: 1, seq: 1, message: "m" };
  return [key, { key, domain: "env", event: { ...event, ...times } }];
}

test("what is not heard of again is let go, when the brokers were heard for long enough", () => {
  let now = 1_000;
  let since: number | null = null;
  const nodes = new Map(["kept", "heard", "removed"].map((node) => [`env/${node}`, { domain: "env", node }]));
  const standing = new Map([
    alarm("env_heard_x/hot", "heard", "x"),
    alarm("env_heard_x/cold", "heard", "x"),
    alarm("env_heard_node/offline", "heard", "node"),
    alarm("env_lost_node/offline", "lost", "node"),
  ]);
  const restored = new Restored({
    consumer: {
      nodes: nodes as unknown as ReadonlyMap<string, ConsumerNode>,
      node: (domain, node) => nodes.get(`${domain}/${node}`) as ConsumerNode | undefined,
      listening: () => [0, since],
      forget: (domain, node) => void nodes.delete(`${domain}/${node}`),
    },
    alarms: {
      *allStanding() {
        yield* standing.values();
      },
      standing: (key) => standing.get(key),
      remove: (key) => void standing.delete(key),
    },
    clock: () => now,
    log: quiet,
  });
  restored.heardNode("env/heard");
  restored.heardNode("env/kept");
  restored.heardAlarm("env_heard_x/hot");
  now = 1_000_000;
  restored.letGo(); // one broker is away
  expect(nodes.size).toBe(3);
  since = now;
  now += 59_000;
  restored.letGo();
  expect(nodes.size).toBe(3);
  now += 1_000;
  restored.letGo();
  expect([...nodes.keys()]).toEqual(["env/kept", "env/heard"]);
  expect([...standing.keys()]).toEqual(["env_heard_x/hot", "env_heard_node/offline"]);
});
