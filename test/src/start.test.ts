import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { freePort } from "./faults/harness/brokers.js";
import { run } from "./faults/harness/processes.js";
import { COMMAND, Stack } from "./stack.js";

const exec = promisify(execFile);
const SERVICES = ["broker", "registry", "historian", "dashboard", "edge"];

/** Runs a command line against the stack and returns how it ended. */
async function fieldmesh(
  stack: Stack,
  ...args: string[]
): Promise<{ code: number; out: string; err: string }> {
  const env = { ...process.env, MQTT_URL: stack.mqttUrl, DATA_DIR: join(stack.folder, "data") };
  try {
    const { stdout, stderr } = await exec(process.execPath, [COMMAND, ...args], { env });
    return { code: 0, out: stdout, err: stderr };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
    return { code, out: stdout, err: stderr };
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

describe("fieldmesh start", () => {
  let stack: Stack;

  beforeAll(async () => {
    stack = await Stack.start();
  });
  afterAll(() => stack?.[Symbol.asyncDispose]());

  it("says first where the dashboard is, and it is there", async () => {
    expect(stack.process.lines[0]).toBe(`Dashboard: ${stack.url}`);
    expect((await fetch(stack.url)).status).toBe(200);
    expect(await (await fetch(`${stack.url}/healthz`)).json()).toMatchObject({ status: "ok" });
  });

  it("runs two nodes whose every reading is accounted for", async () => {
    const { code, out } = await fieldmesh(stack, "audit", "--once", "--json");
    const { rows } = JSON.parse(out) as { rows: { node: string }[] };
    expect(new Set(rows.map(({ node }) => node))).toEqual(new Set(["greenhouse", "host"]));
    expect(code).toBe(0);
  });

  it("has the greenhouse overheat when told, and raise its alarm", async () => {
    const raised = fieldmesh(
      stack,
      "sub",
      "-t",
      "env/event/greenhouse/temperature/too-hot",
      "-R",
      "-C",
      "1",
      "-W",
      "30",
    );
    const { code, out } = await fieldmesh(
      stack,
      "simulate",
      "greenhouse",
      "overheat",
      "--sensor",
      "temperature",
    );
    expect({ code, out }).toEqual({ code: 0, out: "env/greenhouse: overheat on temperature\n" });
    expect(JSON.parse((await raised).out)).toMatchObject({
      state: "raised",
      rule: "too-hot",
      node: "greenhouse",
    });
    expect((await fieldmesh(stack, "simulate", "greenhouse", "reset")).code).toBe(0);
    const unknown = await fieldmesh(stack, "simulate", "greenhouse", "overheat", "--sensor", "nope");
    expect(unknown.code).toBe(1);
    expect(unknown.err).toContain("this node has the sensors");
  });

  it("refuses to remove a node that is online", async () => {
    const { code, err } = await fieldmesh(stack, "node", "remove", "env/greenhouse");
    expect(code).toBe(1);
    expect(err).toContain("is online");
  });

  it("forgets a node that left retained messages behind, and nothing else", async () => {
    const retained = [
      "env/gone/birth",
      "env/gone/status",
      "env/event/gone/a/b",
      "mesh/ack/env/gone/a/b",
      "env/other/note",
    ];
    for (const topic of retained) await fieldmesh(stack, "pub", "-t", topic, "-r", "-m", "{}");
    const { code, out } = await fieldmesh(stack, "node", "remove", "env/gone", "--json");
    expect(code).toBe(0);
    const { removed } = JSON.parse(out) as { removed: string[] };
    expect(removed.sort()).toEqual(retained.slice(0, 4).sort());
    const left = await fieldmesh(stack, "sub", "-t", "#", "--retained-only", "-v", "-W", "1");
    expect(left.out).toContain("env/other/note");
    expect(left.out).not.toContain("gone");
    expect((await fieldmesh(stack, "node", "remove", "env/gone")).code).toBe(1);
  });

  it("says who holds the folder when it is started twice", async () => {
    const { code, err } = await fieldmesh(stack, "start");
    expect(code).toBe(1);
    expect(err).toContain(`pid ${stack.process.pid}`);
  });

  it.each(SERVICES)("starts the %s again when it is killed", async (service) => {
    const pid = stack.service(service);
    process.kill(pid, "SIGKILL");
    await vi.waitFor(() => expect(isAlive(pid)).toBe(false));
    if (service === "edge") await stack.process.said("ended by SIGKILL; starting it again");
    await vi.waitFor(() => expect(stack.service(service)).not.toBe(pid), { timeout: 15_000, interval: 100 });
    await vi.waitFor(async () => expect((await fetch(`${stack.url}/healthz`)).status).toBe(200), {
      timeout: 20_000,
    });
  });

  it("ends everything in order on SIGTERM, with code 0", async () => {
    const pids = SERVICES.map((service) => stack.service(service));
    stack.process.signal("SIGTERM");
    expect(await stack.process.ended).toBe(0);
    expect(pids.filter(isAlive)).toEqual([]);
  });
});

describe("fieldmesh start, killed with -9", () => {
  it("takes its services with it", async () => {
    await using stack = await Stack.start();
    const pids = SERVICES.map((service) => stack.service(service));
    expect(pids.filter(isAlive)).toEqual(pids);
    await stack.process.kill();
    await vi.waitFor(() => expect(pids.filter(isAlive)).toEqual([]), { timeout: 15_000, interval: 100 });
  });
});

describe("fieldmesh start, asked wrongly", () => {
  const folder = mkdtempSync(join(tmpdir(), "fieldmesh-start-"));
  afterAll(() => rmSync(folder, { recursive: true }));

  async function start(env: Record<string, string>) {
    const ports = {
      DASHBOARD_PORT: await freePort(),
      HISTORIAN_PORT: await freePort(),
      REGISTRY_PORT: await freePort(),
      MQTT_PORT: await freePort(),
      MQTT_WS_PORT: await freePort(),
    };
    const texts = Object.fromEntries(Object.entries(ports).map(([name, port]) => [name, String(port)]));
    const started = run("start", process.execPath, [COMMAND, "start"], {
      ...process.env,
      DATA_DIR: folder,
      ...texts,
      ...env,
    });
    return { code: await started.ended, said: started.lines.join("\n") };
  }

  it.each(["DASHBOARD_PORT", "HISTORIAN_PORT", "REGISTRY_PORT", "MQTT_PORT", "MQTT_WS_PORT"])(
    "names %s when that port is taken",
    async (variable) => {
      const other = createServer();
      await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
      const address = other.address();
      const port = typeof address === "object" && address !== null ? address.port : 0;
      const { code, said } = await start({ [variable]: String(port) });
      await new Promise((resolve) => other.close(resolve));
      expect(code).toBe(2);
      expect(said).toContain(`port ${port}`);
      expect(said).toContain(variable);
    },
  );

  it.each([
    [{ HOST: "0.0.0.0" }, "PASSWORD_FILE"],
    [{ MQTT_PORT: "many" }, 'MQTT_PORT="many"'],
    [{ TLS_CERT: "cert.pem" }, "TLS_KEY"],
    [{ PASSWORD_FILE: "passwords" }, "ACL_FILE"],
  ])("refuses %j", async (env, message) => {
    const { code, said } = await start(env);
    expect(code).toBe(2);
    expect(said).toContain(message);
  });
});
