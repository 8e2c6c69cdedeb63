import { spawn } from "node:child_process";
import { DriverError } from "./driver.js";

/** Of what a program says of its failure this much is looked at. */
const MAX_STDERR_BYTES = 4_096;
/** A program that does not end when asked to is ended. */
const KILL_AFTER_MS = 500;

export interface ProgramOptions {
  /** The program and its arguments. */
  command: readonly string[];
  env: NodeJS.ProcessEnv;
  cwd?: string | undefined;
  timeoutMs: number;
  /** It may print this much. */
  maxBytes: number;
  /** See `DriverContext.onProgram`. */
  onProgram?: ((group: number) => void) | undefined;
}

/**
 * Runs a program without a shell and resolves with what it printed. It is ended, with all that it started, when
 * the time or the output is too much or the signal says so. Throws a DriverError that says how it ended.
 */
export async function runProgram(options: ProgramOptions, signal: AbortSignal): Promise<string> {
  signal.throwIfAborted();
  const { env, cwd, timeoutMs, maxBytes } = options;
  const [program = "", ...args] = options.command;
  // A group of its own: a script's children are ended with it.
  const child = spawn(program, args, { env, cwd, stdio: ["ignore", "pipe", "pipe"], detached: true });
  options.onProgram?.(child.pid ?? 0);
  const output: Buffer[] = [];
  let bytes = 0;
  let complaint = "";
  let stoppedBy: Error | undefined;
  let kill: NodeJS.Timeout | undefined;

  function signalGroup(name: NodeJS.Signals): void {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, name);
    } catch {
      // it has ended by itself
    }
  }
  function stop(reason: Error): void {
    if (stoppedBy !== undefined) return;
    stoppedBy = reason;
    signalGroup("SIGTERM");
    kill = setTimeout(() => signalGroup("SIGKILL"), KILL_AFTER_MS);
  }
  const onAbort = (): void =>
    stop(signal.reason instanceof Error ? signal.reason : new DriverError("stopped"));
  signal.addEventListener("abort", onAbort, { once: true });
  const limit = setTimeout(
    () => stop(new DriverError(`${program} did not end within ${timeoutMs / 1_000} s`)),
    timeoutMs,
  );
  child.stdout.on("data", (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > maxBytes) stop(new DriverError(`${program} printed more than ${maxBytes} bytes`));
    else output.push(chunk);
  });
  child.stderr.on("data", (chunk: Buffer) => {
    complaint = (complaint + chunk.toString("utf8")).slice(-MAX_STDERR_BYTES);
  });
  try {
    const [code, killedBy] = await new Promise<[number | null, NodeJS.Signals | null]>((resolve, reject) => {
      child.once("error", (cause) => {
        reject(new DriverError(`cannot run ${program}: ${cause.message}`, { cause }));
      });
      child.once("close", (exitCode, exitSignal) => resolve([exitCode, exitSignal]));
    });
    if (stoppedBy !== undefined) throw stoppedBy;
    if (code !== 0) {
      const last = complaint.trim().split("\n").at(-1) ?? "";
      const how = code === null ? `was ended by ${killedBy ?? "a signal"}` : `ended with code ${code}`;
      throw new DriverError(`${program} ${how}${last === "" ? "" : `: ${last}`}`);
    }
    return Buffer.concat(output).toString("utf8");
  } finally {
    options.onProgram?.(0);
    clearTimeout(limit);
    clearTimeout(kill);
    signal.removeEventListener("abort", onAbort);
  }
}
