import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { afterEach, describe, expect, it } from "vitest";

const BUILT = new URL("../../dist/index.js", import.meta.url).href;

const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
});

interface Run {
  child: ChildProcess;
  output: () => string;
  ended: Promise<[code: number | null, signal: string | null]>;
  said: (text: string) => Promise<void>;
}

/** Runs `main` of a service in a process of its own. */
function run(body: string, options: { env?: Record<string, string>; ipc?: boolean } = {}): Run {
  const script = `
    import { ConfigurationError, EnvironmentError, readEnvironment, RestartRequest, runMain } from ${JSON.stringify(BUILT)};
    import { Worker } from "node:worker_threads";
    const keep = setInterval(() => {}, 1e6);
    runMain("test", async ({ env, log, signal, stop }) => { ${body} });
  `;
  const child = spawn(process.execPath, ["--input-type=module", "-e", script], {
    stdio: options.ipc === true ? ["ignore", "pipe", "pipe", "ipc"] : ["ignore", "pipe", "pipe"],
    env: { ...process.env, LOG_LEVEL: "info", ...options.env },
  });
  children.push(child);
  let output = "";
  const waiting: { text: string; resolve: () => void }[] = [];
  const onData = (chunk: Buffer): void => {
    output += chunk.toString();
    for (const { text, resolve } of waiting) if (output.includes(text)) resolve();
  };
  child.stdout?.on("data", onData);
  child.stderr?.on("data", onData);
  const streams = [child.stdout, child.stderr].flatMap((stream) =>
    stream === null ? [] : [once(stream, "end")],
  );
  // Not "close": it does not come when the channel was closed before.
  const ended = once(child, "exit").then(async ([code, signal]) => {
    await Promise.all(streams);
    return [code, signal] as [number | null, string | null];
  });
  const said = (text: string): Promise<void> =>
    new Promise((resolve) => {
      if (output.includes(text)) resolve();
      else waiting.push({ text, resolve });
    });
  return { child, output: () => output, ended, said };
}

const CLOSER = 'log.info("started"); return { close: async () => { log.info("closed in order"); } };';

describe("runMain", () => {
  it.each(["SIGTERM", "SIGINT"] as const)("closes in order at %s and ends with 0", async (signal) => {
    const service = run(CLOSER);
    await service.said("started");
    service.child.kill(signal);
    expect(await service.ended).toEqual([0, null]);
    expect(service.output()).toContain("closed in order");
  });

  it("closes what started although it was told to end meanwhile", async () => {
    const service = run(`
      log.info("starting");
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
      ${CLOSER}
    `);
    await service.said("starting");
    service.child.kill("SIGTERM");
    expect(await service.ended).toEqual([0, null]);
    expect(service.output()).toContain("closed in order");
  });

  it("closes in order when its supervisor is gone", async () => {
    const service = run(CLOSER, { ipc: true });
    await service.said("started");
    service.child.disconnect();
    expect(await service.ended).toEqual([0, null]);
    expect(service.output()).toContain("closed in order");
  });

  it("does not start when its supervisor went while it was loading", async () => {
    const service = run(CLOSER, { ipc: true });
    service.child.disconnect();
    expect(await service.ended).toEqual([0, null]);
    expect(service.output()).not.toContain("started");
  });

  it("ends at once at a second signal", async () => {
    const service = run(
      'log.info("started"); return { close: () => new Promise(() => { log.info("closing slowly"); }) };',
    );
    await service.said("started");
    service.child.kill("SIGTERM");
    await service.said("closing slowly");
    service.child.kill("SIGTERM");
    expect(await service.ended).toEqual([0, null]);
    expect(service.output()).toContain("ending at once");
  });

  it("ends although closing hangs", async () => {
    const service = run('log.info("started"); return { close: () => new Promise(() => {}) };');
    await service.said("started");
    service.child.kill("SIGTERM");
    expect(await service.ended).toEqual([0, null]);
    expect(service.output()).toContain("could not close in time");
  });

  it.each([
    [
      "a malformed variable",
      'readEnvironment(["DASHBOARD_PORT"], { DASHBOARD_PORT: "x" });',
      2,
      'DASHBOARD_PORT=\\"x\\"',
    ],
    ["bad configuration", 'throw new ConfigurationError("line 3 is wrong");', 2, "line 3 is wrong"],
    ["a defect", 'throw new Error("a defect");', 1, "a defect"],
    [
      "a request to restart",
      `setImmediate(() => stop(new RestartRequest("worker hangs"))); ${CLOSER}`,
      75,
      "closed in order",
    ],
    [
      "a failure later",
      `setImmediate(() => stop(new Error("disk is gone"))); ${CLOSER}`,
      1,
      "closed in order",
    ],
    [
      "an exception nobody caught",
      `setImmediate(() => { throw new Error("uncaught"); }); ${CLOSER}`,
      1,
      "uncaught",
    ],
    [
      "a promise nobody caught",
      `setImmediate(() => { Promise.reject(new Error("unhandled")); }); ${CLOSER}`,
      1,
      "unhandled",
    ],
  ])("ends after %s with the code for it", async (_what, body, code, said) => {
    const service = run(body);
    expect(await service.ended).toEqual([code, null]);
    expect(service.output()).toContain(said);
    // What a person must change is one sentence, without a stack.
    if (code === 2) expect(service.output()).not.toContain("    at ");
  });

  it("refuses a malformed LOG_LEVEL", async () => {
    const service = run(CLOSER, { env: { LOG_LEVEL: "loud" } });
    expect(await service.ended).toEqual([2, null]);
    expect(service.output()).toContain("LOG_LEVEL");
  });

  it("restarts although a worker thread hangs where it cannot be ended", async () => {
    // A read of a terminal-like file that never has anything: a native call that blocks.
    const service = run(`
      const { spawnSync } = await import("node:child_process");
      const { mkdtempSync } = await import("node:fs");
      const fifo = mkdtempSync("/tmp/fieldmesh-fifo-") + "/fifo";
      spawnSync("mkfifo", [fifo]);
      const worker = new Worker(
        'import fs from "node:fs"; import { parentPort, workerData } from "node:worker_threads";' +
          'parentPort.postMessage("in"); fs.readFileSync(workerData);',
        { eval: true, workerData: fifo },
      );
      await new Promise((resolve) => worker.once("message", resolve));
      setTimeout(() => stop(new RestartRequest("worker hangs")), 50);
      ${CLOSER}
    `);
    const [code, signal] = await service.ended;
    expect(code === 75 || signal === "SIGKILL").toBe(true);
    expect(service.output()).toContain("closed in order");
  });
});
