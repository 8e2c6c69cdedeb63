import type { AlarmEvent, AlarmView } from "@fieldmesh/protocol";
import { createLog } from "@fieldmesh/runtime";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { parseDashboardConfig } from "../config/read-config.js";
import { ChannelError } from "./channel.js";
import type { Notification } from "./notification.js";
import { Notifier, type Told } from "./notifier.js";
import { Outbox, type Waiting } from "./outbox.js";

const log = createLog("test", { level: "silent" });
const MINUTE = 60_000;

let now: number;
let sent: Notification[];
let told: Map<string, Told>;
let waiting: Map<string, Waiting>;
let failing: ChannelError | undefined;
let outboxes: Outbox[];
let disk: Promise<void>;
let groups: string[][];

function alarm(seq: number, more: Partial<AlarmEvent> = {}, rest: Partial<AlarmView> = {}): AlarmView {
  const event: AlarmEvent = {
    node: "greenhouse",
    sensor: "temperature",
    rule: "hot",
    state: "raised",
    severity: "warning",
    value: 31,
    unit: "Cel",
    timestamp: now,
    since: now,
    boot: 1,
    seq,
    message: "hot",
    ...more,
  };
  return { key: `env_greenhouse_temperature/${event.rule}`, domain: "env", event, ...rest };
}

function tableOf<T>(map: Map<string, T>) {
  return {
    put: (id: string, document: T) => void map.set(id, structuredClone(document)),
    delete: (id: string) => void map.delete(id),
  };
}

function start(yaml = "minSeverity: warning, repeatEvery: 10m", canGroup = false) {
  const config = parseDashboardConfig(
    `channels: [{name: phone, kind: ntfy, url: "http://localhost/topic", ${yaml}}]`,
    "test.yaml",
  );
  const channels = config.channels.map((one) => {
    const outbox = new Outbox({
      name: one.name,
      channel: {
        send: (notification) => {
          if (failing !== undefined) return Promise.reject(failing);
          sent.push(notification);
          return Promise.resolve();
        },
        ...(canGroup ? { sendGroup } : {}),
        close: () => {},
      },
      table: tableOf(waiting),
      flushed: () => disk,
      clock: () => now,
      log,
      retryMs: 10,
      spacingMs: 0,
    });
    outbox.restore([...waiting.values()]);
    outbox.start();
    outboxes.push(outbox);
    return { config: one, outbox };
  });
  const notifier = new Notifier({ channels, table: tableOf(told), clock: () => now });
  notifier.restore([...told]);
  return notifier;
}

function sendGroup(notifications: readonly Notification[]): Promise<void> {
  if (failing !== undefined) return Promise.reject(failing);
  groups.push(notifications.map(({ rule }) => rule));
  return Promise.resolve();
}

const whats = (): string[] => sent.map(({ what }) => what);

beforeEach(() => {
  now = 1_000_000;
  sent = [];
  told = new Map();
  waiting = new Map();
  failing = undefined;
  outboxes = [];
  groups = [];
  disk = Promise.resolve();
});

afterEach(async () => {
  await stop();
});

async function stop(): Promise<void> {
  for (const outbox of outboxes.splice(0)) await outbox.close();
}

describe("notifications", () => {
  test("tell of a raise once, again every so often, and of its end", async () => {
    const notifier = start();
    const standing = alarm(1);
    notifier.changed(standing, true);
    notifier.tick([standing]);
    await vi.waitFor(() => expect(whats()).toEqual(["raised"]));
    now += 10 * MINUTE;
    notifier.tick([standing]);
    notifier.tick([standing]);
    await vi.waitFor(() => expect(whats()).toEqual(["raised", "repeated"]));
    notifier.changed({ ...standing, endedAt: now }, false);
    notifier.tick([]);
    await vi.waitFor(() => expect(whats()).toEqual(["raised", "repeated", "cleared"]));
    expect(waiting.size).toBe(0);
  });

  test("do not repeat what somebody acknowledged, and tell nothing of what was acknowledged before", async () => {
    const notifier = start();
    const standing = alarm(1);
    notifier.changed(standing, true);
    const acknowledged = alarm(1, {}, { ack: { boot: 1, seq: 1, by: "ann", at: now } });
    notifier.changed(acknowledged, true);
    now += 60 * MINUTE;
    notifier.tick([acknowledged]);
    await vi.waitFor(() => expect(whats()).toEqual(["raised"]));
    const other = alarm(2, { rule: "cold" }, { ack: { boot: 1, seq: 2, by: "ann", at: now } });
    notifier.changed(other, true);
    notifier.changed({ ...other, endedAt: now }, false);
    notifier.tick([acknowledged]);
    expect(whats()).toEqual(["raised"]);
  });

  test("go by severity, domain and node", async () => {
    const notifier = start("minSeverity: critical, nodes: [greenhouse]");
    notifier.changed(alarm(1), true);
    notifier.changed(alarm(1, { rule: "fire", severity: "critical", node: "cellar" }), true);
    notifier.changed(alarm(1, { rule: "smoke", severity: "critical" }), true);
    await vi.waitFor(() => expect(sent.map(({ rule }) => rule)).toEqual(["smoke"]));
  });

  test("an alarm that flaps is told of some times, then when it stays", async () => {
    const notifier = start("cleared: true");
    for (let seq = 1; seq <= 40; seq += 1) {
      now += 1_000;
      notifier.changed(alarm(seq), true);
      now += 1_000;
      if (seq < 40) notifier.changed(alarm(seq, {}, { endedAt: now }), false);
      notifier.tick(seq < 40 ? [] : [alarm(seq)]);
    }
    await vi.waitFor(() =>
      expect(whats().filter((what) => what !== "cleared")).toEqual([...Array(4).fill("raised"), "flapping"]),
    );
    expect(sent.length).toBe(10);
    now += 10 * MINUTE;
    notifier.tick([alarm(40)]);
    await vi.waitFor(() => expect(sent.at(-1)).toMatchObject({ what: "raised" }));
    expect(sent.length).toBe(11);
  });

  test("a restart neither loses nor doubles one", async () => {
    failing = new ChannelError("away");
    const first = start();
    first.changed(alarm(1), true);
    await vi.waitFor(() =>
      expect(first.views()[0]).toMatchObject({ pending: 1, lastError: { message: "away" } }),
    );
    expect(waiting.size).toBe(1);
    await stop();
    failing = undefined;
    const second = start();
    second.changed(alarm(1), true); // its node published it again
    await vi.waitFor(() => expect(whats()).toEqual(["raised"]));
    await vi.waitFor(() => expect(waiting.size).toBe(0));
    await stop();
    const third = start();
    third.changed(alarm(1), true);
    third.tick([alarm(1)]);
    third.changed(alarm(1, {}, { endedAt: now }), false);
    await vi.waitFor(() => expect(whats().at(-1)).toBe("cleared"));
    expect(whats()).toEqual(["raised", "cleared"]);
  });

  test("a channel that fails is tried again until it takes them, in order, and says what is wrong", async () => {
    failing = new ChannelError("503: busy");
    const notifier = start();
    notifier.changed(alarm(1), true);
    notifier.changed(alarm(1, { rule: "cold" }), true);
    await vi.waitFor(() => expect(notifier.views()[0]?.failed).toBeGreaterThan(1));
    expect(notifier.views()[0]).toMatchObject({ sent: 0, pending: 2, lastError: { message: "503: busy" } });
    await expect(notifier.test("phone")).rejects.toThrow("503");
    await expect(notifier.test("none")).rejects.toThrow("none");
    failing = undefined;
    await vi.waitFor(() => expect(sent.map(({ rule }) => rule)).toEqual(["hot", "cold"]));
    await notifier.test("phone");
    expect(sent.at(-1)?.what).toBe("test");
    expect(notifier.views()[0]).toMatchObject({ sent: 3, pending: 0 });
  });

  test("a removed node is nobody's business any more", async () => {
    const notifier = start();
    notifier.changed(alarm(1), true);
    notifier.changed(alarm(1, {}, { endedAt: now, ended: "removed" }), false);
    notifier.tick([]);
    await vi.waitFor(() => expect(whats()).toEqual(["raised"]));
    expect(told.size).toBe(0);
  });

  test("go out although the disk is full", async () => {
    disk = new Promise(() => {});
    start().changed(alarm(1), true);
    await vi.waitFor(() => expect(whats()).toEqual(["raised"]), { timeout: 5_000 });
  });

  test("of many alarms at once go out as one, and each counts", async () => {
    failing = new ChannelError("away");
    const notifier = start("minSeverity: warning", true);
    const rules = Array.from({ length: 60 }, (_, index) => `rule-${index}`);
    for (const rule of rules) notifier.changed(alarm(1, { rule }), true);
    await vi.waitFor(() => expect(notifier.views()[0]?.failed).toBeGreaterThan(0));
    failing = undefined;
    await vi.waitFor(() => expect(notifier.views()[0]).toMatchObject({ sent: 60, pending: 0 }));
    expect(groups).toEqual([rules.slice(0, 50), rules.slice(50)]);
    expect(sent).toEqual([]);
    expect(waiting.size).toBe(0);
  });
});
