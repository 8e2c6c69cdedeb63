import { describe, expect, it } from "vitest";
import { ackHolds, compareStatus, supersedes } from "./alarm-order.js";
import type { AlarmEvent, Status } from "./messages.js";
import { medianInterval, type PresenceInput, presence, SILENT_AFTER_MS, sensorStale } from "./presence.js";
import { classicUnit, unitLabel } from "./units.js";

const NOW = 1_763_640_000_000;
const online: Status = { state: "online", boot: 5, conn: 2, timestamp: NOW - 60_000 };
const input = (over: Partial<PresenceInput>): PresenceInput => ({
  birth: null,
  status: online,
  stats: null,
  statusAt: NOW - 60_000,
  lastHeardAt: NOW - 1_000,
  listeningSince: NOW - 3_600_000,
  now: NOW,
  ...over,
});

describe("a node", () => {
  it("is online while it is heard", () => {
    expect(presence(input({}))).toEqual({ presence: "online", since: NOW - 60_000 });
  });

  it("is offline when its will or its farewell says so", () => {
    const status: Status = { ...online, state: "offline", reason: "connection lost" };
    expect(presence(input({ status, statusAt: NOW - 5 }))).toEqual({
      presence: "offline",
      since: NOW - 5,
      reason: "connection lost",
    });
  });

  it("is silent when it is online by status and nothing comes", () => {
    const lastHeardAt = NOW - SILENT_AFTER_MS - 1;
    expect(presence(input({ lastHeardAt }))).toMatchObject({ presence: "silent", since: lastHeardAt });
    expect(presence(input({ lastHeardAt: lastHeardAt + 1 })).presence).toBe("online");
  });

  it("is not accused of silence while this consumer does not listen, or has just begun", () => {
    const lastHeardAt = NOW - 3_600_000;
    expect(presence(input({ lastHeardAt, listeningSince: null })).presence).toBe("online");
    expect(presence(input({ lastHeardAt, listeningSince: NOW - 5_000 })).presence).toBe("online");
    expect(presence(input({ lastHeardAt: null, listeningSince: NOW - 60_000 })).presence).toBe("silent");
  });

  it("of which only readings are known is unknown", () => {
    expect(presence(input({ status: null }))).toEqual({ presence: "unknown", since: NOW - 1_000 });
  });
});

describe("a sensor", () => {
  const listeningSince = NOW - 3_600_000;

  it("is stale when it is later than interval and maximum silence allow", () => {
    const stale = (ago: number, declared: { intervalMs: number; maxSilenceMs?: number }) =>
      sensorStale({ declared, lastAt: NOW - ago, listeningSince, now: NOW });
    expect(stale(30_000, { intervalMs: 10_000 })).toBe(false);
    expect(stale(30_001, { intervalMs: 10_000 })).toBe(true);
    expect(stale(30_001, { intervalMs: 1_000, maxSilenceMs: 60_000 })).toBe(false);
    expect(stale(4_000, { intervalMs: 10 })).toBe(false);
  });

  it("without a birth is stale after three of its own intervals, at least a minute", () => {
    const stale = (ago: number, medianIntervalMs?: number) =>
      sensorStale({
        ...(medianIntervalMs === undefined ? {} : { medianIntervalMs }),
        lastAt: NOW - ago,
        listeningSince,
        now: NOW,
      });
    expect(stale(59_000)).toBe(false);
    expect(stale(61_000)).toBe(true);
    expect(stale(61_000, 30_000)).toBe(false);
    expect(stale(91_000, 30_000)).toBe(true);
  });

  it("tells its interval by its arrivals", () => {
    expect(medianInterval([])).toBeUndefined();
    expect(medianInterval([5])).toBeUndefined();
    expect(medianInterval([0, 10, 20, 1_000, 1_010])).toBe(10);
  });
});

describe("order", () => {
  it("of events: only one above the held one changes the present state", () => {
    expect(supersedes(undefined, { boot: 1, seq: 1 })).toBe(true);
    expect(supersedes({ boot: 2, seq: 5 }, { boot: 2, seq: 6 })).toBe(true);
    expect(supersedes({ boot: 2, seq: 5 }, { boot: 2, seq: 5 })).toBe(false);
    expect(supersedes({ boot: 2, seq: 5 }, { boot: 1, seq: 9 })).toBe(false);
    expect(supersedes({ boot: 2, seq: 5 }, { boot: 3, seq: 1 })).toBe(true);
  });

  it("of statuses: by boot, then by connection", () => {
    expect(compareStatus({ boot: 1, conn: 9 }, { boot: 2, conn: 1 })).toBeLessThan(0);
    expect(compareStatus({ boot: 2, conn: 2 }, { boot: 2, conn: 1 })).toBeGreaterThan(0);
    expect(compareStatus(online, online)).toBe(0);
  });

  it("of acknowledgements: one holds for exactly its raise", () => {
    const event = { state: "raised", boot: 2, seq: 5 } as AlarmEvent;
    const ack = { boot: 2, seq: 5, by: "ann", at: NOW };
    expect(ackHolds(ack, event)).toBe(true);
    expect(ackHolds(ack, { ...event, seq: 7 })).toBe(false);
    expect(ackHolds(ack, { ...event, state: "cleared" })).toBe(false);
    expect(ackHolds(undefined, event)).toBe(false);
  });
});

describe("units", () => {
  it("are shown as people write them", () => {
    expect(["Cel", "%RH", "lx", "1", "furlong"].map(unitLabel)).toEqual(["°C", "%", "lx", "", "furlong"]);
    expect(["temperature", "humidity", "light", "airquality", "door"].map(classicUnit)).toEqual([
      "Cel",
      "%RH",
      "lx",
      "ppm",
      "1",
    ]);
  });
});
