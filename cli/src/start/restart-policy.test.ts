import { EXIT } from "@fieldmesh/runtime";
import { describe, expect, it } from "vitest";
import { RestartPolicy } from "./restart-policy.js";

const crash = { code: 1, signal: null, uptimeMs: 10 };

describe("the restart policy", () => {
  it("waits twice as long after each fall, up to 30 s", () => {
    const policy = new RestartPolicy();
    const delays = Array.from({ length: 9 }, () => policy.decide(crash));
    expect(delays.map((decision) => (decision.kind === "restart" ? decision.delayMs : -1))).toEqual([
      500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000,
    ]);
  });

  it("begins again after a service that held for a minute", () => {
    const policy = new RestartPolicy();
    for (let fall = 0; fall < 5; fall += 1) policy.decide(crash);
    expect(policy.decide({ ...crash, uptimeMs: 60_000 })).toEqual({ kind: "restart", delayMs: 500 });
  });

  it("restarts at once whoever asks for it, but not for ever", () => {
    const policy = new RestartPolicy();
    const asks = Array.from({ length: 6 }, () =>
      policy.decide({ code: EXIT.restart, signal: null, uptimeMs: 10 }),
    );
    expect(asks.slice(0, 5)).toEqual(Array.from({ length: 5 }, () => ({ kind: "restart", delayMs: 0 })));
    expect(asks[5]).toEqual({ kind: "restart", delayMs: 500 });
  });

  it("leaves a service alone whose settings are wrong", () => {
    expect(new RestartPolicy().decide({ code: EXIT.badConfiguration, signal: null, uptimeMs: 10 })).toEqual({
      kind: "leave",
    });
  });

  it("restarts what was killed", () => {
    expect(new RestartPolicy().decide({ code: null, signal: "SIGKILL", uptimeMs: 10 })).toEqual({
      kind: "restart",
      delayMs: 500,
    });
  });
});
