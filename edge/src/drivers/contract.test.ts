import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer as createHttpServer, type Server } from "node:http";
import { type AddressInfo, createServer as createTcpServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Aedes } from "aedes";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { z } from "zod";
import { systemClock } from "../clock.js";
import { FIELDS } from "../config/fields.js";
import type { SensorConfig } from "../config/types.js";
import type { Driver, DriverContext, Sample } from "./driver.js";
import { loadDriver } from "./load.js";
import { DRIVERS, type DriverKind } from "./registry.js";

/** What the contract needs to know of one kind of driver. */
interface Fixture {
  type?: string;
  valueType?: SensorConfig["valueType"];
  /** Options with which there is something to read. */
  working: () => Record<string, unknown>;
  /** Makes a sample come by itself, for drivers that are pushed to. */
  push?: () => Promise<void>;
  expected?: Sample["value"];
  /** Options with which a read fails, and what its reason has to say. Absent: this kind cannot fail. */
  failing?: { options: () => Record<string, unknown>; reason: RegExp };
  /** Options with which a read takes for ever. Absent: this kind cannot hang. */
  hanging?: { options: () => Record<string, unknown> };
  /** What must be gone once the driver is closed. */
  released?: () => Promise<boolean>;
}

const folder = mkdtempSync(join(tmpdir(), "fieldmesh-drivers-"));
const W1_ID = "28-0316a2795eff";
const W1_TEXT = "72 01 4b 46 7f ff 0e 10 57 : crc=57 YES\n72 01 4b 46 7f ff 0e 10 57 t=23125\n";
let web: Server;
let aedes: Aedes;
let mqttPort = 0;
const mqttServer = createTcpServer((socket) => aedes.handle(socket));

function webUrl(path: string): string {
  return `http://127.0.0.1:${(web.address() as AddressInfo).port}${path}`;
}

beforeAll(async () => {
  web = createHttpServer((request, response) => {
    if (request.url === "/ok") response.end('{"a":{"b":[1,{"c":21.5}]}}');
    else if (request.url === "/broken") response.writeHead(500).end("no");
    // Anything else is never answered.
  });
  await new Promise<void>((resolve) => web.listen(0, "127.0.0.1", resolve));
  aedes = await Aedes.createBroker();
  await new Promise<void>((resolve) => mqttServer.listen(0, "127.0.0.1", resolve));
  mqttPort = (mqttServer.address() as AddressInfo).port;
  mkdirSync(join(folder, "w1", W1_ID), { recursive: true });
  writeFileSync(join(folder, "w1", W1_ID, "w1_slave"), W1_TEXT);
  mkdirSync(join(folder, "w1-hanging", W1_ID), { recursive: true });
  execFileSync("mkfifo", [join(folder, "w1-hanging", W1_ID, "w1_slave")]);
  writeFileSync(join(folder, "table.csv"), "time,water\n2026-01-01 00:00:00,21.5\n2026-01-01 00:00:01,22\n");
});

afterAll(async () => {
  web.closeAllConnections();
  await new Promise((resolve) => web.close(resolve));
  await new Promise<void>((resolve) => aedes.close(resolve));
  await new Promise((resolve) => mqttServer.close(resolve));
  rmSync(folder, { recursive: true });
});

const FIXTURES: Record<DriverKind, Fixture> = {
  simulated: {
    working: () => ({ mean: 21.5, swing: 0, wander: 0, noise: 0 }),
    expected: 21.5,
    failing: { options: () => ({ dropout: 1 }), reason: /simulated dropout/ },
  },
  host: {
    working: () => ({ metric: "disk" }),
    failing: { options: () => ({ metric: "disk", path: "/nonexistent" }), reason: /ENOENT/ },
  },
  replay: {
    working: () => ({ file: join(folder, "table.csv"), speed: 1_000 }),
    push: () => Promise.resolve(),
    expected: 21.5,
    failing: { options: () => ({ file: "/nonexistent.csv" }), reason: /cannot read \/nonexistent\.csv/ },
  },
  mqtt: {
    working: () => ({ url: `mqtt://127.0.0.1:${mqttPort}`, topic: "attic/sensor", path: "t" }),
    // Retained, so that it comes whenever the subscription does.
    push: () =>
      new Promise((resolve, reject) => {
        aedes.publish(
          { cmd: "publish", topic: "attic/sensor", payload: '{"t":21.5}', qos: 0, retain: true, dup: false },
          (error) => (error ? reject(error) : resolve()),
        );
      }),
    expected: 21.5,
    released: () => Promise.resolve(aedes.connectedClients === 0),
  },
  exec: {
    working: () => ({ command: ["printf", '{"t": 21.5}'], path: "t" }),
    expected: 21.5,
    failing: { options: () => ({ command: ["false"] }), reason: /false ended with code 1/ },
    hanging: { options: () => ({ command: ["sleep", "3599.5"] }) },
    released: () => Promise.resolve(!isRunning("sleep 3599.5")),
  },
  http: {
    working: () => ({ url: webUrl("/ok"), path: "a.b[1].c" }),
    expected: 21.5,
    failing: { options: () => ({ url: webUrl("/broken") }), reason: /HTTP 500/ },
    hanging: { options: () => ({ url: webUrl("/never") }) },
    released: () =>
      new Promise((resolve, reject) => {
        web.getConnections((error, count) => (error ? reject(error) : resolve(count === 0)));
      }),
  },
  w1: {
    working: () => ({ id: W1_ID, root: join(folder, "w1") }),
    expected: 23.125,
    failing: { options: () => ({ id: "28-000000000000", root: join(folder, "w1") }), reason: /No such file/ },
    hanging: { options: () => ({ root: join(folder, "w1-hanging") }) },
    released: () => Promise.resolve(!isRunning(join(folder, "w1-hanging"))),
  },
};

function isRunning(text: string): boolean {
  return execFileSync("ps", ["-eo", "args"], { encoding: "utf8" })
    .split("\n")
    .some((line) => line.includes(text) && !line.startsWith("ps"));
}

describe.each(Object.keys(DRIVERS) as DriverKind[])("driver %s", (kind) => {
  const fixture = FIXTURES[kind];
  const emitted: Sample[] = [];
  let driver: Driver | undefined;

  async function open(written: Record<string, unknown>): Promise<Driver> {
    const module = await loadDriver(kind);
    const options = module.options(z, FIELDS).parse(written);
    module.defaults?.(options, { id: "water", type: "water" });
    const { type = "water", valueType = "number" } = fixture;
    const context: DriverContext = {
      domain: "env",
      node: "n",
      sensor: { id: "water", type, valueType, unit: "1", intervalMs: 1_000 },
      clock: systemClock,
      emit: (sample) => emitted.push(sample),
    };
    driver = await module.open(options, context);
    return driver;
  }

  afterEach(async () => {
    await driver?.close();
    driver = undefined;
    emitted.length = 0;
  });

  it("reads, or is pushed, a value", async () => {
    const opened = await open(fixture.working());
    let sample: Sample | undefined;
    if (fixture.push === undefined) sample = await opened.read(new AbortController().signal);
    else {
      await fixture.push();
      await vi.waitFor(() => expect(emitted).not.toHaveLength(0));
      [sample] = emitted;
    }
    if (fixture.expected === undefined) expect(sample?.value).toBeTypeOf("number");
    else expect(sample?.value).toBe(fixture.expected);
  });

  it("does not begin to read when the signal has come already", async () => {
    const opened = await open(fixture.working());
    const reason = new Error("stopped");
    await expect((async () => await opened.read(AbortSignal.abort(reason)))()).rejects.toThrow("stopped");
  });

  const { hanging, failing } = fixture;
  if (hanging !== undefined)
    it("ends a read that hangs when the signal comes", async () => {
      const opened = await open(hanging.options());
      const stop = new AbortController();
      const read = opened.read(stop.signal);
      const outcome = expect(read).rejects.toThrow("enough");
      setTimeout(() => stop.abort(new Error("enough")), 200);
      await outcome; // else the test runs into its own limit: nothing else ends this read
    });

  if (failing !== undefined)
    it("says why it cannot be read", async () => {
      const attempt = async () => await (await open(failing.options())).read(new AbortController().signal);
      await expect(attempt()).rejects.toThrow(failing.reason);
    });

  it("lets go of everything when it is closed, and emits no more", async () => {
    const opened = await open(fixture.working());
    if (fixture.push !== undefined) {
      await fixture.push();
      await vi.waitFor(() => expect(emitted).not.toHaveLength(0));
    }
    await opened.close();
    driver = undefined;
    const count = emitted.length;
    if (fixture.push !== undefined && kind !== "mqtt") await fixture.push();
    await vi.waitFor(async () => expect(await (fixture.released?.() ?? true)).toBe(true));
    expect(emitted).toHaveLength(count);
  });
});
