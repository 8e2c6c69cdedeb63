import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { type RunningProcess, run } from "./processes.js";

export type BrokerKind = "fieldmesh" | "mosquitto";

/** A broker as a process of its own, on one port for its whole life, however often it is killed. */
export interface BrokerProcess {
  readonly kind: BrokerKind;
  readonly port: number;
  readonly url: string;
  readonly lines: readonly string[];
  start(): Promise<void>;
  kill(): Promise<void>;
  stop(): Promise<void>;
}

export interface BrokerSettings {
  folder: string;
  /** Messages that Mosquitto keeps for an absent subscriber; its default is 1,000. */
  maxQueued?: number;
}

const MOSQUITTO = ["/usr/sbin/mosquitto", "/usr/local/sbin/mosquitto", "/opt/homebrew/sbin/mosquitto"];
const STARTS_WITHIN_MS = 15_000;

export async function createBroker(kind: BrokerKind, settings: BrokerSettings): Promise<BrokerProcess> {
  const port = await freePort();
  const command = kind === "fieldmesh" ? fieldmesh(port, settings) : await mosquitto(port, settings);
  let process: RunningProcess | undefined;
  return {
    kind,
    port,
    url: `mqtt://127.0.0.1:${port}`,
    get lines() {
      return process?.lines ?? [];
    },
    async start() {
      process = run(kind, command.program, command.args, command.env);
      await answers(port, process);
    },
    async kill() {
      await process?.kill();
    },
    async stop() {
      await process?.stop();
    },
  };
}

interface Command {
  program: string;
  args: string[];
  env: NodeJS.ProcessEnv;
}

function fieldmesh(port: number, { folder }: BrokerSettings): Command {
  const main = join(dirname(fileURLToPath(import.meta.resolve("@fieldmesh/broker"))), "main.js");
  const env = {
    PATH: process.env["PATH"],
    MQTT_PORT: String(port),
    MQTT_WS_PORT: "0",
    DATA_DIR: folder,
    HOST: "127.0.0.1",
    LOG_LEVEL: "info",
  };
  return { program: process.execPath, args: [main], env };
}

async function mosquitto(port: number, { folder, maxQueued = 1_000 }: BrokerSettings): Promise<Command> {
  const program = MOSQUITTO.find((path) => existsSync(path));
  if (program === undefined) throw new Error(`Mosquitto is in none of ${MOSQUITTO.join(", ")}: install it`);
  const path = join(folder, "mosquitto.conf");
  const lines = [
    `listener ${port} 127.0.0.1`,
    "allow_anonymous true",
    `max_queued_messages ${maxQueued}`,
    "max_inflight_messages 20",
    // As a broker that was killed: nothing that it kept in memory comes back.
    "persistence false",
    "log_type error",
    "log_type warning",
    "log_type notice",
  ];
  await writeFile(path, `${lines.join("\n")}\n`);
  return { program, args: ["-c", path], env: { PATH: process.env["PATH"] } };
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === "string") throw new Error("no free port");
  return address.port;
}

/** Waits until something accepts connections there. */
async function answers(port: number, process: RunningProcess): Promise<void> {
  const deadline = Date.now() + STARTS_WITHIN_MS;
  for (;;) {
    const open = await new Promise<boolean>((resolve) => {
      const socket = connect(port, "127.0.0.1");
      socket.once("connect", () => {
        socket.destroy();
        resolve(true);
      });
      socket.once("error", () => resolve(false));
    });
    if (open) return;
    if (!process.running || Date.now() > deadline) {
      throw new Error(`${process.name} does not listen on ${port}:\n${process.lines.slice(-20).join("\n")}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
