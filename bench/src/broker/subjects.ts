import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { TransportName } from "./transports.js";

/** A broker under load, in a process of its own. */
export interface Subject {
  name: string;
  pid: number;
  port: number;
  stop(): Promise<void>;
}

export interface SubjectKind {
  name: string;
  /** What to install where it is missing; undefined when it is there. */
  missing(): string | undefined;
  start(): Promise<Subject>;
}

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}

/** Resolves when something accepts connections on the port; rejects after 10 s or when the process ends. */
async function listening(port: number, child: ChildProcess, name: string): Promise<void> {
  const deadline = Date.now() + 10_000; // ms
  for (;;) {
    if (child.exitCode !== null) throw new Error(`${name} ended with exit code ${child.exitCode}`);
    const open = await new Promise<boolean>((resolve) => {
      const socket = connect(port, "127.0.0.1");
      socket
        .once("connect", () => resolve(socket.destroy() !== undefined))
        .once("error", () => resolve(false));
    });
    if (open) return;
    if (Date.now() > deadline) throw new Error(`${name} did not listen on port ${port} within 10 s`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

function kind(
  name: string,
  program: string | undefined,
  install: string,
  command: (port: number, folder: string) => { command: string; args: string[]; env?: NodeJS.ProcessEnv },
): SubjectKind {
  return {
    name,
    missing: () => (program === undefined || existsSync(program) ? undefined : install),
    async start() {
      const port = await freePort();
      const folder = mkdtempSync(join(tmpdir(), "fieldmesh-bench-"));
      const { command: executable, args, env } = command(port, folder);
      const child = spawn(executable, args, { stdio: "ignore", env: { ...process.env, ...env } });
      await listening(port, child, name);
      const { pid } = child;
      if (pid === undefined) throw new Error(`${name} has no process`);
      return {
        name,
        pid,
        port,
        async stop() {
          const ended = new Promise((resolve) => child.once("exit", resolve));
          child.kill("SIGKILL");
          await ended;
          rmSync(folder, { recursive: true, force: true });
        },
      };
    },
  };
}

function makeCertificate(folder: string): { TLS_CERT: string; TLS_KEY: string } {
  const [TLS_CERT, TLS_KEY] = [join(folder, "cert.pem"), join(folder, "key.pem")];
  const made = ["-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=localhost"];
  execFileSync("openssl", ["req", ...made, "-out", TLS_CERT, "-keyout", TLS_KEY], { stdio: "ignore" });
  return { TLS_CERT, TLS_KEY };
}

const built = (path: string) => fileURLToPath(new URL(`../${path}`, import.meta.url));

const fieldmesh = (name: string, env: (port: number, folder: string) => NodeJS.ProcessEnv): SubjectKind =>
  kind(name, undefined, "", (port, folder) => ({
    command: process.execPath,
    args: [built("broker/fieldmesh-process.js")],
    env: { MQTT_PORT: "0", MQTT_TLS_PORT: "0", MQTT_WS_PORT: "0", ...env(port, folder) },
  }));

export const FIELDMESH = fieldmesh("Fieldmesh", (port) => ({ MQTT_PORT: String(port) }));
/** Reached over this transport at its port. */
export const FIELDMESH_OVER: Readonly<Record<TransportName, SubjectKind>> = {
  tcp: FIELDMESH,
  tls: fieldmesh("Fieldmesh", (port, folder) => ({
    MQTT_TLS_PORT: String(port),
    ...makeCertificate(folder),
  })),
  ws: fieldmesh("Fieldmesh", (port) => ({ MQTT_WS_PORT: String(port) })),
};
export const BARE_AEDES = kind("Aedes, bare", undefined, "", (port) => ({
  command: process.execPath,
  args: [built("broker/aedes-process.js"), String(port)],
}));
export const MOSQUITTO = kind(
  "Mosquitto",
  "/usr/sbin/mosquitto",
  "apt-get install mosquitto",
  (port, folder) => {
    const file = join(folder, "mosquitto.conf");
    writeFileSync(file, `listener ${port} 127.0.0.1\nallow_anonymous true\nuser root\n`);
    return { command: "/usr/sbin/mosquitto", args: ["-c", file] };
  },
);
export const NATS = kind(
  "NATS, MQTT",
  "/usr/sbin/nats-server",
  "apt-get install nats-server",
  (port, folder) => {
    const file = join(folder, "nats.conf");
    writeFileSync(
      file,
      `server_name: bench\nhost: 127.0.0.1\nport: -1\njetstream { store_dir: "${folder}" }\nmqtt { host: 127.0.0.1, port: ${port} }\n`,
    );
    return { command: "/usr/sbin/nats-server", args: ["-c", file] };
  },
);

export const SUBJECTS: readonly SubjectKind[] = [FIELDMESH, BARE_AEDES, MOSQUITTO, NATS];
