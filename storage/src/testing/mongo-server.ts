import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { MongoClient } from "mongodb";

/** A MongoDB server for a test. */
export interface TestMongo {
  /** Its address, with a database of its own for each call of `startMongo`. */
  readonly url: string;
  /** `stand-in`: FerretDB, in MongoDB's place in tests only. */
  readonly kind: "mongodb" | "stand-in";
  /** Drops the database; ends the server if it is the test's own. */
  stop(): Promise<void>;
  /** kill -9. Fails when the server is not the test's own. */
  kill(): Promise<void>;
  /** Starts it again, with its data and on its port. */
  restart(): Promise<void>;
  /** SIGSTOP: it takes what is sent, and does nothing. As {@link kill} only of the test's own. */
  freeze(): void;
  thaw(): void;
}

const START_MS = 20_000;
const INSTALL =
  "needs a MongoDB server: install mongod, or name one that runs in MONGO_URL, or a stand-in's binary in MONGO_STANDIN";

interface Program {
  kind: TestMongo["kind"];
  path: string;
}

/** True when no MongoDB server is to be had, after one line that says what to install: for `describe.skipIf`. */
export function lacksMongo(): boolean {
  if (process.env["MONGO_URL"] !== undefined || findProgram() !== undefined) return false;
  process.stderr.write(`skipped: ${INSTALL}\n`);
  return true;
}

/** The same for a test that kills its server: one that runs already, in `MONGO_URL`, does not do. */
export function lacksOwnMongo(): boolean {
  if (findProgram() !== undefined) return false;
  process.stderr.write(`skipped: ${INSTALL}\n`);
  return true;
}

/**
 * The server that `MONGO_URL` names; else one of its own, MongoDB where it is installed, else the stand-in; else
 * undefined, after one line that says what to install.
 * @param options.own not the one of `MONGO_URL`: for tests that kill it
 */
export async function startMongo(options: { own?: boolean } = {}): Promise<TestMongo | undefined> {
  const database = `fieldmesh_test_${randomBytes(6).toString("hex")}`;
  const given = process.env["MONGO_URL"];
  if (given !== undefined && options.own !== true) return givenServer(given, database);
  const program = findProgram();
  if (program !== undefined) return ownServer(program, database);
  process.stderr.write(`skipped: ${INSTALL}\n`);
  return undefined;
}

function findProgram(): Program | undefined {
  const folders = (process.env["PATH"] ?? "").split(delimiter);
  const mongod = folders.map((folder) => join(folder, "mongod")).find((path) => existsSync(path));
  if (mongod !== undefined) return { kind: "mongodb", path: mongod };
  const standIn = process.env["MONGO_STANDIN"];
  if (standIn !== undefined && existsSync(standIn)) return { kind: "stand-in", path: standIn };
  return undefined;
}

function givenServer(given: string, database: string): TestMongo {
  const url = withDatabase(given, database);
  const refuse = () => Promise.reject(new Error("the server of MONGO_URL is not the test's own"));
  const refuseNow = () => {
    throw new Error("the server of MONGO_URL is not the test's own");
  };
  return {
    url,
    kind: "mongodb",
    stop: () => dropDatabase(url),
    kill: refuse,
    restart: refuse,
    freeze: refuseNow,
    thaw: refuseNow,
  };
}

async function ownServer(program: Program, database: string): Promise<TestMongo> {
  const folder = await mkdtemp(join(tmpdir(), "fieldmesh-mongo-"));
  const port = await freePort();
  const url = `mongodb://127.0.0.1:${port}/${database}`;
  let child: ChildProcess | undefined;
  const killNow = () => void child?.kill("SIGKILL");
  const restart = async () => {
    child = run(program, folder, port);
    await answers(url, child);
  };
  const kill = async () => {
    const gone = child;
    child = undefined;
    if (gone === undefined || gone.exitCode !== null || gone.signalCode !== null) return;
    const exit = once(gone, "exit");
    gone.kill("SIGKILL");
    await exit;
  };
  process.on("exit", killNow);
  const stop = async () => {
    await kill();
    process.off("exit", killNow);
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await restart();
  } catch (error) {
    await stop();
    throw error;
  }
  const freeze = () => void child?.kill("SIGSTOP");
  const thaw = () => void child?.kill("SIGCONT");
  return { url, kind: program.kind, stop, kill, restart, freeze, thaw };
}

function run({ kind, path }: Program, folder: string, port: number): ChildProcess {
  return kind === "mongodb"
    ? spawn(path, ["--dbpath", folder, "--port", String(port), "--bind_ip", "127.0.0.1", "--quiet"], {
        stdio: "ignore",
      })
    : spawn(path, [], { stdio: "ignore", env: { ADDR: `127.0.0.1:${port}`, DIR: folder } });
}

async function answers(url: string, child: ChildProcess): Promise<void> {
  const deadline = Date.now() + START_MS;
  for (;;) {
    const client = new MongoClient(url, { serverSelectionTimeoutMS: 500 });
    try {
      await client.db().command({ ping: 1 });
      return;
    } catch (error) {
      if (child.exitCode !== null || Date.now() > deadline) throw error;
      await wait(50); // it listens a moment after it was started
    } finally {
      await client.close();
    }
  }
}

async function dropDatabase(url: string): Promise<void> {
  const client = new MongoClient(url, { serverSelectionTimeoutMS: 4_000 });
  try {
    await client.db().dropDatabase();
  } finally {
    await client.close();
  }
}

/** The address with this path; what it had is where its user is known. */
function withDatabase(url: string, database: string): string {
  const [, hosts = url, path = "", query = ""] =
    /^(\w+(?:\+srv)?:\/\/[^/?]*)(?:\/([^?]*))?(?:\?(.*))?$/.exec(url) ?? [];
  const options = new URLSearchParams(query);
  if (path !== "" && !options.has("authSource") && hosts.includes("@")) options.set("authSource", path);
  const text = options.toString();
  return `${hosts}/${database}${text === "" ? "" : `?${text}`}`;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}
