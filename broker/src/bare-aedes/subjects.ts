import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { OpenOnLoopback } from "../access/open-on-loopback.js";
import { type Broker, startBroker } from "../broker.js";
import type { Limits } from "../limits.js";
import { SILENT_LOG } from "../log.js";

/** What a test may want of its broker. */
export interface SubjectOptions {
  /** Of ours; bare Aedes has none to set. */
  limits?: Partial<Limits>;
  /** Paths of PEM files: TLS and WebSocket too. */
  certificate?: { cert: string; key: string };
}

/** A broker that a test is run on. It refuses subscriptions below `refused/`. */
export interface Subject {
  readonly port: number;
  readonly tlsPort?: number;
  readonly wsPort?: number;
  /** How long a test waits for what has to come: ours may be slow on a busy machine; bare Aedes is known to fail. */
  readonly patienceMs: number;
  /** Rejects, with what it wrote on standard error, when the broker dies. */
  readonly died: Promise<never>;
  /** The warnings that it has logged. */
  readonly warnings: readonly object[];
  /** What it has counted as refused or lost, by name. */
  readonly drops: Partial<Broker["drops"]>;
  close(): Promise<void>;
}

export async function startOurs({ limits = {}, certificate }: SubjectOptions): Promise<Subject> {
  const access = new OpenOnLoopback();
  access.maySubscribe = (_who, filter) => !filter.startsWith("refused/");
  const warnings: object[] = [];
  const log = { ...SILENT_LOG, warn: (fields: object) => void warnings.push(fields) };
  const tls = certificate && { tlsPort: 0, wsPort: 0, tlsCert: certificate.cert, tlsKey: certificate.key };
  const broker = await startBroker({ port: 0, ...tls }, { access, limits, log });
  return {
    ...broker,
    patienceMs: 45_000,
    died: new Promise(() => {}),
    warnings,
  };
}

/** Aedes alone, in a process of its own: it may die. */
export async function startBareAedes({ certificate }: SubjectOptions): Promise<Subject> {
  const program = fileURLToPath(new URL("process.mjs", import.meta.url));
  const files = certificate === undefined ? [] : [certificate.cert, certificate.key];
  const child = spawn(process.execPath, [program, ...files], { stdio: ["ignore", "ignore", "pipe", "ipc"] });
  let said = "";
  child.stderr?.on("data", (chunk: Buffer) => {
    if (said.length < 100_000) said += chunk.toString();
  });
  const exited = once(child, "close");
  const died = exited.then(() => Promise.reject(new Error(`the broker died: ${said}`)));
  died.catch(() => undefined); // it also ends when it is closed
  const [ports] = (await Promise.race([once(child, "message"), died])) as [Pick<Subject, "port">];
  return {
    ...ports,
    patienceMs: 2_000,
    died,
    warnings: [],
    drops: {},
    async close() {
      child.kill("SIGKILL");
      await exited;
    },
  };
}
