import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { runCommand } from "../program.js";
import { capturedTerminal } from "../testing/captured-terminal.js";

const CONF = new URL("../../../mosquitto/mosquitto.conf", import.meta.url);
const PROGRAM = "/usr/sbin/mosquitto";
const there = existsSync(PROGRAM);
if (!there) process.stderr.write("skipped: needs mosquitto (apt-get install mosquitto)\n");

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === "object" && address !== null ? address.port : 0;
}

describe.skipIf(!there)("mosquitto/mosquitto.conf with files that `fieldmesh credentials` wrote", () => {
  let folder: string;
  let port: number;
  let wsPort: number;
  let mosquitto: ChildProcess | undefined;
  let log = "";
  const passwords = new Map<string, string>();

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "fieldmesh-mosquitto-"));
    [port, wsPort] = [await freePort(), await freePort()];
    await mkdir(join(folder, "data"));
    // The configuration as it is; only places and ports are this machine's.
    const text = (await readFile(CONF, "utf8"))
      .replaceAll("/mosquitto/", `${folder}/`)
      .replace("listener 1883\n", `listener ${port} 127.0.0.1\n`)
      .replace("listener 9001\n", `listener ${wsPort} 127.0.0.1\n`);
    // Started by root it would become a user who may not read here.
    await writeFile(join(folder, "mosquitto.conf"), process.getuid?.() === 0 ? `${text}\nuser root\n` : text);
  });

  afterAll(async () => {
    await stop();
    await rm(folder, { recursive: true, force: true });
  });

  function launch(): ChildProcess {
    const child = spawn(PROGRAM, ["-c", join(folder, "mosquitto.conf")], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    for (const stream of [child.stdout, child.stderr]) {
      stream.on("data", (chunk: Buffer) => {
        log += String(chunk);
      });
    }
    return child;
  }

  async function start(): Promise<void> {
    mosquitto = launch();
    await vi.waitFor(
      () =>
        new Promise<void>((resolve, reject) => {
          const socket = connect(port, "127.0.0.1", () => resolve(socket.destroy() && undefined));
          socket.once("error", reject);
        }),
      { timeout: 10_000 },
    );
  }

  async function stop(): Promise<void> {
    if (mosquitto === undefined) return;
    const ended = once(mosquitto, "exit");
    mosquitto.kill("SIGTERM");
    await ended;
    mosquitto = undefined;
  }

  async function fieldmesh(user: string | undefined, ...args: string[]) {
    const env: Record<string, string> = {
      PASSWORD_FILE: join(folder, "credentials", "password_file"),
      ACL_FILE: join(folder, "credentials", "acl_file"),
      DATA_DIR: join(folder, "setup"),
      MQTT_URL: `mqtt://127.0.0.1:${port}`,
      ...(user === undefined ? {} : { MQTT_USERNAME: user, MQTT_PASSWORD: passwords.get(user) ?? "" }),
    };
    const terminal = capturedTerminal({ env });
    const code = await runCommand(args, terminal);
    return { code, out: terminal.out(), err: terminal.err() };
  }

  async function add(user: string, ...args: string[]): Promise<void> {
    const { code, out } = await fieldmesh(undefined, "credentials", "add", user, ...args, "--json");
    expect(code).toBe(0);
    passwords.set(user, (JSON.parse(out) as { password: string }).password);
  }

  it("does not start without the files: it is never open by accident", async () => {
    const child = launch();
    const [code] = await once(child, "exit");
    expect(code).not.toBe(0);
    expect(log).toMatch(/password_file|password file/i);
    log = "";
  });

  it("starts without a warning, and lets nobody in without a password", async () => {
    const dynamicSecurityFile = join(folder, "dynamic-security", "dynamic-security.json");
    const made = await fieldmesh(
      undefined,
      "setup",
      "--slots",
      "1",
      "--dynamic-security-file",
      dynamicSecurityFile,
    );
    expect(made.code).toBe(0);
    await add("barn", "--role", "node", "--domain", "env");
    await add("ada", "--role", "operator", "--domain", "env");
    await add("other", "--role", "reader", "--domain", "farm");
    await start();
    const anonymous = await fieldmesh(undefined, "pub", "-t", "env/barn/x", "-m", "1");
    expect(anonymous).toMatchObject({ code: 1, err: expect.stringContaining("not authorized") });
    passwords.set("nobody", "nothing");
    expect((await fieldmesh("nobody", "pub", "-t", "env/barn/x", "-m", "1")).code).toBe(1);
    const warnings = log.split("\n").filter((line) => /warning|deprecated/i.test(line));
    // Of the test's own `user root`.
    expect(warnings.filter((line) => !line.includes("should not be run as root"))).toEqual([]);
  });

  it("lets each role do what it is for, and nothing else", async () => {
    const kept = ["-r", "-m", "1"];
    await fieldmesh("barn", "pub", "-t", "env/barn/birth", ...kept);
    await fieldmesh("barn", "pub", "-t", "env/shed/birth", ...kept); // forged: another node's
    await fieldmesh("barn", "pub", "-t", "mesh/ack/env/barn/a/b", ...kept);
    await fieldmesh("ada", "pub", "-t", "mesh/ack/env/barn/a/c", ...kept);
    await fieldmesh("ada", "pub", "-t", "env/barn/birth2", ...kept);
    const look = ["sub", "--retained-only", "-v", "-W", "500ms"];
    const seen = await fieldmesh("ada", ...look, "-t", "#");
    expect(
      seen.out
        .trim()
        .split("\n")
        .filter((line) => !line.startsWith("$"))
        .sort(),
    ).toEqual(["env/barn/birth 1", "mesh/ack/env/barn/a/c 1"]);
    expect((await fieldmesh("other", ...look, "-t", "env/#")).out).toBe("");
  });

  it("carries WebSocket, and tells its state under $SYS", async () => {
    const ws = ["-L", `ws://127.0.0.1:${wsPort}`];
    expect((await fieldmesh("ada", "sub", ...ws, "-t", "env/barn/birth", "-C", "1", "-W", "5")).out).toBe(
      "1\n",
    );
    expect((await fieldmesh("ada", "sub", "-t", "$SYS/broker/uptime", "-C", "1", "-W", "15")).out).toMatch(
      /second/,
    );
  });

  it("takes a new user at SIGHUP", async () => {
    await add("late", "--role", "reader", "--domain", "env");
    expect((await fieldmesh("late", "sub", "-t", "env/#", "-C", "1", "-W", "5")).code).toBe(1);
    mosquitto?.kill("SIGHUP");
    await vi.waitFor(async () => {
      expect((await fieldmesh("late", "sub", "-t", "env/#", "-C", "1", "-W", "5")).code).toBe(0);
    });
  });

  it("has retained messages still after a restart", async () => {
    await stop();
    await start();
    expect((await fieldmesh("ada", "sub", "-t", "env/barn/birth", "-C", "1", "-W", "5")).out).toBe("1\n");
  });
});
