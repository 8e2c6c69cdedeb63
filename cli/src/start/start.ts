import { FolderHeldError, lockFolder, EXIT as SERVICE_EXIT } from "@fieldmesh/runtime";
import { EXIT, FailureError } from "../exit.js";
import { type Terminal, writeLine } from "../terminal.js";
import { ServiceOutput } from "./output.js";
import { ensureOwnCredentials, INNER_HOST, isConsumer, planServices } from "./plan.js";
import { checkPorts, reachableHost, waitForPort } from "./ports.js";
import type { Ended } from "./restart-policy.js";
import { readStartSettings, type StartSettings } from "./settings.js";
import { SupervisedService } from "./supervised-service.js";

/** A slow machine building its caches takes seconds; past this something is wrong and its log is shown. */
const READY_LIMIT_MS = 30_000;
/** Nodes do not wait longer for it: they hold what they read. */
const HISTORIAN_LIMIT_MS = 5_000;

/**
 * `fieldmesh start`: broker, registry, historian, dashboard and two nodes, each a process that is started again when it ends,
 * until Ctrl-C. Returns the exit code.
 * @throws UsageError for a taken port, FailureError when another start holds the folder
 */
export async function start(options: { json?: boolean }, terminal: Terminal): Promise<number> {
  const settings = readStartSettings(terminal);
  const lock = await holdFolder(settings);
  try {
    await checkPorts(settings.ports, settings.host);
    await ensureOwnCredentials(settings, terminal);
    return await supervise(settings, options.json ?? false, terminal);
  } finally {
    await lock.release();
  }
}

async function holdFolder(settings: StartSettings) {
  try {
    return await lockFolder(settings.dataDir, "fieldmesh start");
  } catch (error) {
    if (!(error instanceof FolderHeldError)) throw error;
    const who =
      error.holder === undefined ? "another process" : `pid ${error.holder.pid} since ${error.holder.since}`;
    throw new FailureError(
      `Fieldmesh already runs in ${settings.dataDir} (${who}): its dashboard is at ${settings.dashboardUrl} unless it was started with another DASHBOARD_PORT. End it with Ctrl-C there, or give this one another DATA_DIR and ports`,
    );
  }
}

async function supervise(settings: StartSettings, raw: boolean, terminal: Terminal): Promise<number> {
  const specs = planServices(settings, terminal);
  const output = new ServiceOutput(terminal, { raw, names: ["start", ...specs.map(({ name }) => name)] });
  const stopping = new AbortController();
  let code: number = EXIT.ok;
  let ready = false;
  const services = specs.map(
    (spec) =>
      new SupervisedService(spec, {
        line: (service, line) => output.line(service, line),
        ended: (service, ended, delayMs) => {
          tellEnded(output, service, ended, delayMs);
          // Wrong settings before anything ran are the person's to mend, who is looking at the terminal now.
          if (delayMs === undefined && !ready && ended.code !== null) {
            code = ended.code;
            stopping.abort();
          }
        },
      }),
  );
  const onSignal = (): void => {
    if (stopping.signal.aborted) {
      for (const service of services) service.kill();
      process.exit(EXIT.failure);
    }
    stopping.abort();
  };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, onSignal);

  const [broker, ...clients] = services;
  const consumers = clients.filter(({ name }) => isConsumer(name));
  const nodes = clients.filter(({ name }) => !isConsumer(name));
  const host = reachableHost(settings.host);
  broker?.start();
  await waitForPort(settings.mqttPort, host, READY_LIMIT_MS, stopping.signal);
  if (!stopping.signal.aborted) for (const service of consumers) service.start();
  // Who remembers listens before anyone speaks: else the first readings are there only after being asked for.
  await waitForPort(settings.historianPort, INNER_HOST, HISTORIAN_LIMIT_MS, stopping.signal);
  if (!stopping.signal.aborted) for (const service of nodes) service.start();
  const up = await waitForPort(settings.dashboardPort, host, READY_LIMIT_MS, stopping.signal);
  ready = true;
  if (up) await announce(settings, raw, output, terminal);
  else if (!stopping.signal.aborted)
    output.tell("error", "the dashboard does not answer; what the services said:");
  output.release();

  await aborted(stopping.signal);
  output.tell("info", "stopping");
  // Each says goodbye to those that are still there: what nodes say last is stored and shown, the broker goes last.
  await Promise.all(nodes.map((service) => service.stop()));
  await Promise.all(consumers.map((service) => service.stop()));
  await broker?.stop();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.off(signal, onSignal);
  return code;
}

async function announce(
  settings: StartSettings,
  raw: boolean,
  output: ServiceOutput,
  terminal: Terminal,
): Promise<void> {
  if (raw) {
    output.tell("info", "ready", {
      dashboard: settings.dashboardUrl,
      broker: settings.brokerUrl,
      registry: `http://${INNER_HOST}:${settings.registryPort}`,
    });
    return;
  }
  await writeLine(
    terminal.stdout,
    `Dashboard: ${settings.dashboardUrl}\n` +
      `  MQTT broker ${settings.brokerUrl}, registry http://${INNER_HOST}:${settings.registryPort}/docs, data in ${settings.dataDir}; Ctrl-C stops everything.\n`,
  );
}

function tellEnded(output: ServiceOutput, service: string, ended: Ended, delayMs: number | undefined): void {
  const how = ended.signal === null ? `with code ${ended.code}` : `by ${ended.signal}`;
  if (delayMs === undefined) {
    output.tell(
      "error",
      `${service} ended ${how} and is left alone until its settings are mended; see its last line`,
    );
  } else if (ended.code === SERVICE_EXIT.restart) output.tell("info", `${service} asked to be started again`);
  else output.tell("warn", `${service} ended ${how}; starting it again in ${delayMs / 1_000} s`);
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
