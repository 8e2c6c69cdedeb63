import { spawn } from "node:child_process";
import { EnvironmentError } from "../environment/environment-error.js";
import { type RawEnvironment, readEnvironment } from "../environment/read-environment.js";
import { createLog, type Log } from "../log.js";
import { ConfigurationError, EXIT, RestartRequest } from "./exit.js";

/** What a service gives back: how to end it in order. */
export interface Closer {
  close(): Promise<void>;
}

export interface MainContext {
  env: RawEnvironment;
  log: Log;
  /** Aborted when the process was told to end. */
  signal: AbortSignal;
  /** Ends the process in order: 75 for a {@link RestartRequest}, 2 for bad configuration, 0 without a reason, else 1. */
  stop(reason?: Error): void;
}

/** An orderly close may take this long: less than the 10 s after which Docker kills. */
const CLOSE_LIMIT_MS = 8_000;
/** `process.exit` joins worker threads, and hangs on one that is blocked in a native call. */
const KILL_AFTER_S = 5;

/**
 * Runs a service as this process: SIGINT, SIGTERM and the loss of the supervisor's channel close it in order,
 * within a time limit; a second signal ends it at once. An error nobody handled is logged and ends it.
 */
export function runMain(service: string, main: (context: MainContext) => Promise<Closer>): void {
  const log = createServiceLog(service);
  const stopping = new AbortController();
  let closer: Closer | undefined;
  let code: number = EXIT.ok;

  const exit = (): never => {
    log.flush();
    if (code === EXIT.restart) killLater();
    process.exit(code);
  };
  const stop = (reason?: Error): void => {
    if (stopping.signal.aborted) return;
    if (reason !== undefined) {
      code = exitCode(reason);
      report(log, reason, code);
    }
    stopping.abort();
    if (closer !== undefined) void closeWithin(closer, log).then(exit);
    // Else main() is still starting: it is closed as soon as it returns, or the limit passes.
    else setTimeout(exit, CLOSE_LIMIT_MS).unref();
  };
  const onSignal = (signal: NodeJS.Signals): void => {
    if (stopping.signal.aborted) {
      log.warn({ signal }, "told to end again: ending at once");
      exit();
    }
    log.info({ signal }, "closing");
    stop();
  };
  process.on("SIGINT", onSignal);
  process.on("SIGTERM", onSignal);
  process.once("disconnect", () => stop());
  if (process.connected === false) {
    // It was lost while this process was still loading: that was told to nobody.
    log.warn("the supervisor is gone: not starting");
    exit();
  }
  const onUnhandled = (error: unknown): void => {
    log.fatal({ err: error }, "an error that nobody handled; ending");
    code = EXIT.failure;
    exit();
  };
  process.on("uncaughtException", onUnhandled);
  process.on("unhandledRejection", onUnhandled);

  main({ env: process.env, log, signal: stopping.signal, stop }).then(
    (started) => {
      closer = started;
      if (stopping.signal.aborted) void closeWithin(started, log).then(exit);
    },
    (error: unknown) => {
      const reason = error instanceof Error ? error : new Error(String(error));
      if (!stopping.signal.aborted) {
        code = exitCode(reason);
        report(log, reason, code);
      }
      exit();
    },
  );
}

function createServiceLog(service: string): Log {
  try {
    return createLog(service, { level: readEnvironment(["LOG_LEVEL"]).LOG_LEVEL });
  } catch (error) {
    const log = createLog(service);
    log.fatal(error instanceof Error ? error.message : String(error));
    process.exit(EXIT.badConfiguration);
  }
}

function exitCode(reason: Error): number {
  if (reason instanceof RestartRequest) return EXIT.restart;
  if (reason instanceof EnvironmentError || reason instanceof ConfigurationError)
    return EXIT.badConfiguration;
  return EXIT.failure;
}

function report(log: Log, reason: Error, code: number): void {
  // What a person must change is one sentence; a stack would hide it.
  if (code === EXIT.badConfiguration) log.fatal({ code }, reason.message);
  else log.fatal({ err: reason, code }, reason.message);
}

async function closeWithin(closer: Closer, log: Log): Promise<void> {
  const limit = new Promise<"late">((resolve) => setTimeout(resolve, CLOSE_LIMIT_MS, "late").unref());
  try {
    if ((await Promise.race([closer.close(), limit])) === "late") {
      log.error({ limitMs: CLOSE_LIMIT_MS }, "could not close in time; ending anyway");
    }
  } catch (error) {
    log.error({ err: error }, "closing failed");
  }
}

function killLater(): void {
  const shell = spawn("/bin/sh", ["-c", `sleep ${KILL_AFTER_S}; kill -9 "$0"`, String(process.pid)], {
    detached: true,
    stdio: "ignore",
  });
  shell.unref();
}
