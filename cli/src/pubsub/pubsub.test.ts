import { execFile, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { startBroker } from "@fieldmesh/broker";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { runCommand } from "../program.js";
import { capturedTerminal } from "../testing/captured-terminal.js";

const run = promisify(execFile);

interface RunningBroker {
  port: number;
  close(): Promise<void>;
}

async function startMosquitto(): Promise<RunningBroker> {
  const port = await freePort();
  const child = spawn("/usr/sbin/mosquitto", ["-p", String(port)], { stdio: "ignore" });
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  await vi.waitFor(() => accepts(port), { timeout: 10_000 });
  return {
    port,
    close: async () => {
      child.kill();
      await ended;
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === "object" && address !== null ? address.port : 0;
}

function accepts(port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1", () => resolve(socket.destroy() && undefined));
    socket.once("error", reject);
  });
}

const brokers = [
  { name: "Fieldmesh's broker", start: (): Promise<RunningBroker> => startBroker({ port: 0 }), there: true },
  { name: "Mosquitto", start: startMosquitto, there: existsSync("/usr/sbin/mosquitto") },
];

describe.each(brokers)("pub and sub on $name", ({ start, there }) => {
  let broker: RunningBroker;
  let env: Record<string, string>;
  let count = 0;

  beforeAll(async () => {
    if (!there) return;
    broker = await start();
    env = { MQTT_URL: `mqtt://127.0.0.1:${broker.port}` };
  });

  afterAll(() => broker?.close());

  /** A topic of its own for each test: retained messages stay. */
  const fresh = (): string => `test/${++count}`;

  async function fieldmesh(args: string[], stdin?: string) {
    const terminal = capturedTerminal({ env, ...(stdin === undefined ? {} : { stdin }) });
    const code = await runCommand(args, terminal);
    return { code, out: terminal.out(), err: terminal.err() };
  }

  it.runIf(there)("keeps a retained message until it is replaced by an empty one", async () => {
    const topic = fresh();
    expect((await fieldmesh(["pub", "-t", topic, "-m", "21.5", "-r"])).code).toBe(0);
    expect(await fieldmesh(["sub", "-t", `${topic}/#`, "-C", "1", "-W", "10", "-v"])).toMatchObject({
      code: 0,
      out: `${topic} 21.5\n`,
    });
    expect((await fieldmesh(["pub", "-t", topic, "-n", "-r"])).code).toBe(0);
    expect(await fieldmesh(["sub", "-t", topic, "-C", "1", "-W", "300ms"])).toMatchObject({
      code: 27,
      out: "",
    });
  });

  it.runIf(there)("publishes a message a line, in order, and counts as many", async () => {
    const topic = fresh();
    const lines = Array.from({ length: 300 }, (_, at) => `line ${at} ä`);
    await fieldmesh(["pub", "-t", `${topic}/ready`, "-m", "go", "-r"]);
    const terminal = capturedTerminal({ env });
    const receiving = runCommand(
      ["sub", "-t", topic, "-t", `${topic}/ready`, "-C", "301", "-W", "15"],
      terminal,
    );
    await vi.waitFor(() => expect(terminal.out()).toBe("go\n"), { timeout: 5_000 });
    await fieldmesh(["pub", "-t", topic, "-l"], `${lines.join("\n")}\n`);
    expect(await receiving).toBe(0);
    expect(terminal.out().trim().split("\n")).toEqual(["go", ...lines]);
  });

  it.runIf(there)("takes the payload from a file or the standard input, bytes and all", async () => {
    const folder = await mkdtemp(join(tmpdir(), "fieldmesh-pub-"));
    const topic = fresh();
    try {
      await writeFile(join(folder, "payload"), Buffer.from([0, 255, 10, 13, 128]));
      await fieldmesh(["pub", "-t", topic, "-r", "-f", join(folder, "payload")]);
      const { out } = await fieldmesh(["sub", "-t", topic, "-C", "1", "-W", "10", "--json"]);
      expect(JSON.parse(out)).toMatchObject({ topic, retain: true, payloadBase64: "AP8KDYA=" });
      await fieldmesh(["pub", "-t", topic, "-r"], "two\nlines\n");
      expect((await fieldmesh(["sub", "-t", topic, "-C", "1", "-W", "10", "-N"])).out).toBe("two\nlines\n");
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it.runIf(there)("leaves topics and retained messages out", async () => {
    const topic = fresh();
    await fieldmesh(["pub", "-t", `${topic}/a`, "-t", `${topic}/b`, "-m", "x", "-r"]);
    const out = ["sub", "-t", `${topic}/+`, "-W", "500ms", "-v"];
    expect((await fieldmesh([...out, "-T", `${topic}/a`])).out).toBe(`${topic}/b x\n`);
    expect((await fieldmesh([...out, "-R"])).out).toBe("");
    expect((await fieldmesh([...out, "--retained-only"])).out.split("\n").sort()).toEqual([
      "",
      `${topic}/a x`,
      `${topic}/b x`,
    ]);
  });

  it.runIf(there && existsSync("/usr/bin/mosquitto_pub"))(
    "prints and ends as Mosquitto's clients do",
    async () => {
      const topic = fresh();
      const port = String(broker.port);
      await fieldmesh(["pub", "-t", `${topic}/ours`, "-m", "from ours", "-r", "-q", "2"]);
      await run("mosquitto_pub", ["-p", port, "-t", `${topic}/theirs`, "-m", "from theirs", "-r"]);
      for (const flags of [["-v"], [], ["-v", "-q", "0"]]) {
        const args = ["-t", `${topic}/#`, "-C", "2", "-W", "10", ...flags];
        const theirs = await run("mosquitto_sub", ["-p", port, ...args]);
        const ours = await fieldmesh(["sub", ...args]);
        expect(ours.out.split("\n").sort()).toEqual(theirs.stdout.split("\n").sort());
      }
      const timeout = ["-t", `${topic}/never`, "-C", "1", "-W", "1"];
      const theirs = await run("mosquitto_sub", ["-p", port, ...timeout]).then(
        () => 0,
        (error: { code: number }) => error.code,
      );
      expect((await fieldmesh(["sub", ...timeout])).code).toBe(theirs);
    },
  );
});

describe("pub and sub without a broker", () => {
  it("say where they looked and what to do, with code 1", async () => {
    const port = await freePort();
    for (const args of [
      ["pub", "-t", "a", "-m", "x"],
      ["sub", "-t", "a"],
    ]) {
      const terminal = capturedTerminal();
      expect(await runCommand([...args, "-h", "127.0.0.1", "-p", String(port)], terminal)).toBe(1);
      expect(terminal.err()).toMatch(`mqtt://127.0.0.1:${port}`);
      expect(terminal.err()).toMatch("MQTT_URL");
    }
  });

  it.each([
    [["pub", "-t", "a/#", "-m", "x"], "wildcard|subscriptions"],
    [["pub", "-t", "a", "-m", "x", "-n"], "--message, --null"],
    [["pub", "-m", "x"], "--topic"],
    [["pub", "-t", "a", "-m", "x", "-q", "3"], "0, 1 or 2"],
    [["pub", "-t", "a", "-m", "x", "-L", "mqtt://a", "-h", "b"], "not both"],
    [["pub", "-t", "a", "-m", "x", "-L", "http://a"], "mqtt://host"],
    [["sub", "-t", "a#"], "alone"],
    [["sub", "-t", "a", "-C", "0"], "from 1"],
    [["sub", "-t", "a", "-W", "soon"], "a time"],
    [["sub", "-t", "a", "--nope"], "unknown option"],
    [["nope"], "unknown command"],
  ])("refuse %j with code 2 before anything is connected", async (args, message) => {
    const terminal = capturedTerminal();
    expect(await runCommand(args, terminal)).toBe(2);
    expect(terminal.err()).toMatch(new RegExp(message));
  });

  it("tell of a file that is not there with code 1", async () => {
    const terminal = capturedTerminal();
    expect(await runCommand(["pub", "-t", "a", "-f", "/nope/nowhere"], terminal)).toBe(1);
    expect(terminal.err()).toMatch("/nope/nowhere");
  });
});

describe("help", () => {
  it.each([
    [[]],
    [["pub"]],
    [["sub"]],
    [["start"]],
    [["credentials", "add"]],
    [["users"]],
    [["audit"]],
    [["node", "remove"]],
  ])("of %j has examples and ends with code 0", async (words) => {
    const terminal = capturedTerminal();
    expect(await runCommand([...words, "--help"], terminal)).toBe(0);
    expect(terminal.out()).toMatch(words.length === 0 ? "credentials" : /Examples:\n {2}\S/);
  });
});
