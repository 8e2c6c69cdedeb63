import { expect, test } from "vitest";
import { DEFAULT_LIMITS } from "../limits.js";
import { RetainedMessages } from "../sessions/retained.js";
import { Sessions } from "../sessions/sessions.js";
import { EnginePersistence } from "./engine-persistence.js";

const nothing = (): void => {};
const host = {
  onRetainedFull: nothing,
  onAcknowledged: nothing,
  onDrained: nothing,
  onWantsRetained: nothing,
  room: () => null,
};

function start(): { sessions: Sessions; persistence: EnginePersistence } {
  const sessions = new Sessions(DEFAULT_LIMITS, { onQueueFull: nothing, onExpired: nothing });
  return {
    sessions,
    persistence: new EnginePersistence(sessions, new RetainedMessages(DEFAULT_LIMITS), host),
  };
}

test("stores of a SUBSCRIBE what is granted, not the refused filters that come with it", async () => {
  const { persistence } = start();
  const all = [
    { topic: "granted/#", qos: 1 },
    { topic: "refused/#", qos: 1 },
  ] as const;
  persistence.grant(all[0]);
  await persistence.addSubscriptions({ id: "a" }, all);
  await persistence.addSubscriptions({ id: "a" }, all);
  expect(await persistence.subscriptionsByClient({ id: "a" })).toEqual([{ topic: "granted/#", qos: 1 }]);
});

test("says that a session without subscriptions is one all the same", async () => {
  const { persistence, sessions } = start();
  expect(await persistence.subscriptionsByClient({ id: "a" })).toEqual([]);
  expect(sessions.has("a")).toBe(true);
  expect(await persistence.subscriptionsByClient({ id: "a" })).toHaveLength(1);
});

test("gives out no will as that of a broker that has died: Aedes would publish it while its client is connected", async () => {
  const { persistence } = start();
  const will = {
    cmd: "publish",
    topic: "env/greenhouse/status",
    payload: "gone",
    qos: 1,
    retain: true,
    dup: false,
  } as const;
  await persistence.putWill({ id: "fm_env_greenhouse" }, { ...will });
  expect(await persistence.streamWill().toArray()).toEqual([]);
  expect(await persistence.getWill({ id: "fm_env_greenhouse" })).toMatchObject(will);
});
