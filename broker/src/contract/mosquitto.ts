import { type ChildProcess, execFile, spawn } from "node:child_process";
import { access, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { emptyDynamicSecurity } from "../control/document.js";

/** A real Mosquitto, for tests that hold ours against it or ours beside it. */
export interface Mosquitto extends AsyncDisposable {
  readonly port: number;
  /** Makes it read its files again. */
  reload(): void;
  kill(signal: NodeJS.Signals): void;
  close(): Promise<void>;
}

export interface MosquittoOptions {
  /** A fixed port, to come back on after a kill; else a free one. */
  port?: number;
  passwordFile?: string;
  aclFile?: string;
  /** Loads the dynamic-security plugin, which keeps its clients and roles there; made closed where it is not there. */
  dynamicSecurityFile?: string;
  /** More lines for its configuration. */
  lines?: readonly string[];
}

/** Debian puts it where no ordinary user's PATH looks. */
const PATH = `${process.env["PATH"] ?? ""}:/usr/sbin:/usr/local/sbin`;

/** Null when Mosquitto is there; else the line that says how to get it. */
export async function mosquittoMissing(): Promise<string | null> {
  try {
    await promisify(execFile)("mosquitto", ["-h"], { env: { PATH } });
    return null;
  } catch (error) {
    // "-h" ends with 3 in 2.0; only a program that is not there is missing.
    const missing = (error as NodeJS.ErrnoException).code === "ENOENT";
    return missing ? "Mosquitto is not installed: apt-get install mosquitto mosquitto-clients" : null;
  }
}

/** Where Debian, the container image and a build from source put it. */
const PLUGINS = ["/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib", "/usr/local/lib"].map(
  (folder) => join(folder, "mosquitto_dynamic_security.so"),
);

async function findPlugin(): Promise<string | undefined> {
  for (const path of PLUGINS) {
    const found = await access(path).then(
      () => true,
      () => false,
    );
    if (found) return path;
  }
  return undefined;
}

/** Null when Mosquitto and its dynamic-security plugin are there; else the line that says how to get them. */
export async function dynamicSecurityMissing(): Promise<string | null> {
  const missing = await mosquittoMissing();
  if (missing !== null || (await findPlugin()) !== undefined) return missing;
  return "Mosquitto's dynamic-security plugin is not installed: apt-get install mosquitto";
}

async function pluginLines(file: string): Promise<string[]> {
  await writeFile(file, emptyDynamicSecurity(), { mode: 0o600, flag: "wx" }).catch(
    (error: NodeJS.ErrnoException) => {
      if (error.code !== "EEXIST") throw error;
    },
  );
  return [`plugin ${await findPlugin()}`, `plugin_opt_config_file ${file}`];
}

/** Starts Mosquitto on loopback, in a folder of its own; resolves when it listens. */
export async function startMosquitto(options: MosquittoOptions = {}): Promise<Mosquitto> {
  const folder = await mkdtemp(join(tmpdir(), "fieldmesh-mosquitto-"));
  const port = options.port ?? (await freePort());
  const configuration = [
    `listener ${port} 127.0.0.1`,
    `allow_anonymous ${options.passwordFile === undefined}`,
    ...(options.passwordFile === undefined ? [] : [`password_file ${options.passwordFile}`]),
    ...(options.aclFile === undefined ? [] : [`acl_file ${options.aclFile}`]),
    ...(process.getuid?.() === 0 ? ["user root"] : []), // or it could not read a test's files
    ...(options.dynamicSecurityFile === undefined ? [] : await pluginLines(options.dynamicSecurityFile)),
    "persistence false",
    "sys_interval 1",
    ...(options.lines ?? []),
    "",
  ];
  const file = join(folder, "mosquitto.conf");
  await writeFile(file, configuration.join("\n"));
  const child = spawn("mosquitto", ["-v", "-c", file], {
    env: { PATH },
    stdio: ["ignore", "ignore", "pipe"],
  });
  await running(child);
  const exited = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const close = async (): Promise<void> => {
    child.kill("SIGTERM");
    await exited;
    await rm(folder, { recursive: true, force: true });
  };
  return {
    port,
    reload: () => child.kill("SIGHUP"),
    kill: (signal) => child.kill(signal),
    close,
    [Symbol.asyncDispose]: close,
  };
}

async function running(child: ChildProcess): Promise<void> {
  let log = "";
  await new Promise<void>((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code) => reject(new Error(`mosquitto ended with ${code}: ${log}`)));
    child.stderr?.on("data", (chunk: Buffer) => {
      if (log.length < 10_000) log += chunk.toString();
      if (/mosquitto version \S+ running/.test(log)) resolve();
    });
  });
  child.removeAllListeners("exit");
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise<void>((resolve) => server.close(() => resolve()));
  if (address === null || typeof address === "string") throw new Error("no free port");
  return address.port;
}
