import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, readdir, stat, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { type Broker, formatPasswordFile, hashPassword, startBroker } from "@fieldmesh/broker";
import type { Stats } from "@fieldmesh/protocol";
import { EXIT, writeSlot } from "@fieldmesh/runtime";
import { connectAsync } from "mqtt";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Bench } from "./testing/node-bench.js";

const MAIN = fileURLToPath(new URL("../dist/main.js", import.meta.url));
const WAIT = { timeout: 30_000, interval: 20 };
vi.setConfig({ testTimeout: 60_000 });

const CONFIG = `
defaults: { interval: 50ms }
sensors:
  temperature: simulated
  humidity: simulated
`;

/** Beyond ten readings of each of two sensors, with what is written between them. */
const HELD_BYTES = 4_000;

/** What the node of the bench has written to its log. */
async function logBytes(): Promise<number> {
  const folder = join(bench.folder, "data", "edge", "greenhouse", "log");
  const files = await readdir(folder);
  const sizes = await Promise.all(files.map(async (file) => (await stat(join(folder, file))).size));
  return sizes.reduce((sum, size) => sum + size, 0);
}

let broker: Broker;
let bench: Bench;
let children: ChildProcess[];
const mounted: string[] = [];

beforeEach(async () => {
  broker = await startBroker({ port: 0 });
  bench = await Bench.create(broker.port);
  children = [];
  await writeFile(join(bench.folder, "edge.yaml"), CONFIG);
});
afterEach(async () => {
  for (const child of children) {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill("SIGKILL");
      await once(child, "exit");
    }
  }
  for (const disk of mounted.splice(0)) await promisify(execFile)("umount", [disk]);
  await bench.close();
  await broker.close();
});

function run(env: Record<string, string> = {}): {
  child: ChildProcess;
  ended: Promise<number | null>;
  said: () => string;
} {
  const child = spawn(process.execPath, [MAIN], {
    env: {
      PATH: process.env["PATH"],
      NODE_ID: "greenhouse",
      EDGE_CONFIG: join(bench.folder, "edge.yaml"),
      DATA_DIR: join(bench.folder, "data"),
      MQTT_URL: `mqtt://127.0.0.1:${bench.cable.port}`,
      ...env,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  children.push(child);
  let text = "";
  for (const stream of [child.stdout, child.stderr]) stream?.on("data", (chunk) => (text += String(chunk)));
  const ended = once(child, "exit").then(([code]) => code as number | null);
  return { child, ended, said: () => text };
}

it("killed with readings held, it sends them in its next life, and every one that was written is there", async () => {
  const ear = await bench.ear(["env/greenhouse/#"]);
  const raw = (sensor: string, boot: number) =>
    ear.heard.filter(({ topic, payload }) => topic.endsWith(`/${sensor}/raw`) && payload?.boot === boot);
  const first = run();
  await vi.waitFor(() => expect(ear.of("/temperature/raw").length).toBeGreaterThan(10), WAIT);
  const boot = ear.of("/temperature/raw")[0]?.payload?.boot ?? 0;
  bench.cable.cut();
  const cutAt = raw("temperature", boot).length;
  // Nobody outside hears of what is held now: the log on disk says it, once enough has been written.
  const written = await logBytes();
  await vi.waitFor(async () => expect(await logBytes()).toBeGreaterThan(written + HELD_BYTES), WAIT);
  first.child.kill("SIGKILL");
  await first.ended;
  bench.cable.mend();
  run();
  const previous = () => (ear.of("/stats").at(-1)?.payload as unknown as Stats | undefined)?.previous[0];
  await vi.waitFor(() => expect(previous()?.boot).toBe(boot), WAIT);
  for (const sensor of ["temperature", "humidity"]) {
    const account = previous()?.sensors[sensor];
    const lastSeq = account?.lastSeq ?? 0;
    // What the ear had not heard, less the last half second, is of that size.
    expect(lastSeq).toBeGreaterThan(cutAt + 10);
    expect(account).toMatchObject({ read: lastSeq + (account?.suppressed ?? 0), dropped: [] });
    await vi.waitFor(() => {
      const got = new Set(raw(sensor, boot).map(({ payload }) => payload?.seq));
      expect([...Array(lastSeq).keys()].filter((i) => !got.has(i + 1))).toEqual([]);
    }, WAIT);
  }
});

it("told to end, it says so, writes its log and ends with 0", async () => {
  const ear = await bench.ear(["env/greenhouse/status"]);
  const { child, ended } = run();
  await vi.waitFor(() => expect(ear.heard.at(-1)?.payload?.state).toBe("online"), WAIT);
  child.kill("SIGTERM");
  expect(await ended).toBe(EXIT.ok);
  expect(ear.heard.at(-1)?.payload).toMatchObject({ state: "offline", reason: "stopped" });
});

it("signs in with its slot's password, and so does its sensor that listens at the same broker", async () => {
  const passwordFile = join(bench.folder, "passwords");
  const password = "s3cret of the slot";
  const users = await Promise.all(
    [
      ["greenhouse", password],
      ["tester", "t"],
    ].map(async ([user = "", secret = ""]) => ({ user, encoded: await hashPassword(secret) })),
  );
  await writeFile(passwordFile, formatPasswordFile(users));
  await using guarded = await startBroker({ port: 0, passwordFile });
  await writeSlot(join(bench.folder, "data", "edge"), { id: "greenhouse", password });
  await writeFile(
    join(bench.folder, "edge.yaml"),
    "sensors:\n  plug: { driver: { kind: mqtt, topic: env/greenhouse/device } }\n",
  );
  const url = `mqtt://127.0.0.1:${guarded.port}`;
  const { said } = run({ MQTT_URL: url, LOG_LEVEL: "trace" });
  const tester = await connectAsync(url, { username: "tester", password: "t" });
  try {
    const heard: string[] = [];
    tester.on("message", (_topic, payload) => heard.push(payload.toString()));
    await tester.subscribeAsync("env/greenhouse/plug/raw", { qos: 1 });
    // Retained: it is there whenever the sensor comes.
    await tester.publishAsync("env/greenhouse/device", "21.5", { qos: 1, retain: true });
    await vi.waitFor(() => expect(heard.join()).toContain('"value":21.5'), WAIT);
    expect(said()).not.toContain(password);
  } finally {
    await tester.endAsync();
  }
});

it("a folder has one node: the second is refused by name", async () => {
  const ear = await bench.ear(["env/greenhouse/status"]);
  run();
  await vi.waitFor(() => expect(ear.heard.length).toBeGreaterThan(0), WAIT);
  const second = run();
  expect(await second.ended).toBe(EXIT.failure);
  expect(second.said()).toMatch(/greenhouse is held by edge greenhouse/);
});

describe("on a disk that is full from the start", () => {
  let disk: string;

  async function mountDisk(options: string): Promise<boolean> {
    disk = join(bench.folder, "disk");
    await mkdir(disk);
    try {
      await promisify(execFile)("mount", ["-t", "tmpfs", "-o", options, "tmpfs", disk]);
    } catch {
      return false;
    }
    mounted.push(disk);
    return true;
  }

  it("it runs in memory and says so, and writes its log once there is room", async (context) => {
    if (!(await mountDisk("size=64k"))) return context.skip("needs the right to mount a tmpfs");
    await expect(writeFile(join(disk, "ballast"), Buffer.alloc(100_000))).rejects.toThrow("ENOSPC");
    const ear = await bench.ear(["env/greenhouse/#"]);
    const { said } = run({ DATA_DIR: disk });
    await vi.waitFor(() => expect(ear.of("/temperature/raw").length).toBeGreaterThan(5), WAIT);
    expect(said()).toContain("the log cannot be written; the node goes on in memory and tries again");
    await truncate(join(disk, "ballast"));
    await vi.waitFor(() => expect(said()).toContain("the log can be written again"), WAIT);
  });

  it("without room for its folder it ends with what to do", async (context) => {
    if (!(await mountDisk("nr_inodes=1"))) return context.skip("needs the right to mount a tmpfs");
    const { ended, said } = run({ DATA_DIR: disk });
    expect(await ended).toBe(EXIT.failure);
    expect(said()).toContain(`no room for the node's folder in ${join(disk, "edge")}: free some space`);
  });
});

it("a configuration that cannot be is refused with file, line and what was expected", async () => {
  await writeFile(join(bench.folder, "edge.yaml"), "sensors:\n  temperature: { driver: simulatd }\n");
  const { ended, said } = run();
  expect(await ended).toBe(EXIT.badConfiguration);
  expect(said()).toMatch(/edge\.yaml/);
  expect(said()).toMatch(/simulatd/);
});
