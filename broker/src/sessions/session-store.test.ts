import { expect, test } from "vitest";
import { DEFAULT_LIMITS } from "../limits.js";
import { SessionStore } from "./session-store.js";

const nothing = (): void => {};
const host = {
  onQueueFull: nothing,
  onRetainedFull: nothing,
  onAcknowledged: nothing,
  onDrained: nothing,
  onWantsRetained: nothing,
  room: () => null,
};

test("gives out no will as that of a broker that has died: Aedes would publish it while its client is connected", async () => {
  const store = new SessionStore(DEFAULT_LIMITS, host);
  const will = {
    cmd: "publish",
    topic: "env/greenhouse/status",
    payload: "gone",
    qos: 1,
    retain: true,
    dup: false,
  } as const;
  await store.putWill({ id: "fm_env_greenhouse" }, { ...will });
  expect(await store.streamWill().toArray()).toEqual([]);
  expect(await store.getWill({ id: "fm_env_greenhouse" })).toMatchObject(will);
});
