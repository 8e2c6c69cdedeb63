import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Reply, Rule } from "@fieldmesh/protocol";
import { createLog, createMqttLink, type MqttLink } from "@fieldmesh/runtime";
import type { NodeConfig, SensorConfig } from "../config/types.js";
import { type EdgeNode, type NodePorts, startNode } from "../node.js";

// What tests of a whole node share: a node against a real broker, a scripted worker, and an ear at the broker.

const silent = createLog("edge-test", { level: process.env["EDGE_TEST_LOG"] ?? "silent" });

/** A worker that does what its sensor's options say: reads a value from a shared cell, crashes, or hangs. */
const SCRIPTED_WORKER = `
import { parentPort, workerData } from "node:worker_threads";
const { sensor } = workerData;
const { cell, fail } = sensor.driver.options;
const value = cell && new Float64Array(cell);
const rules = new Map(sensor.rules.map((rule) => [rule.id, rule]));
const verdicts = (v) => Object.fromEntries([...rules.values()].filter((r) => r.kind === "above")
  .map((r) => [r.id, v > r.limit ? "violated" : v <= (r.clear ?? r.limit) ? "clear" : "between"]));
const beat = () => parentPort.postMessage({ type: "heartbeat", skipped: 0 });
const read = () => {
  const v = value ? value[0] : 1;
  if (Number.isNaN(v)) return;
  parentPort.postMessage({ type: "reading", value: v, timestamp: Date.now(), verdicts: verdicts(v), suppressed: v < 0 });
};
beat();
let timer = setInterval(read, sensor.intervalMs);
setInterval(beat, 100);
if (fail === "throw") setTimeout(() => { throw new Error("the sensor came loose"); }, 50);
if (fail === "exit") setTimeout(() => process.exit(3), 50);
if (fail === "hang") setTimeout(() => { for (;;); }, 50);
parentPort.on("message", (m) => {
  if (m.type === "stop") process.exit(0);
  if (m.type === "read-now") read();
  if (m.type === "set-rule") rules.set(m.rule.id, m.rule);
  if (m.type === "set-interval") { clearInterval(timer); timer = setInterval(read, m.intervalMs); }
});
`;

/** What tests look into; the rest they compare as a whole. */
export interface Payload {
  boot?: number;
  seq?: number;
  state?: string;
  backfill?: true;
}

export interface Heard {
  topic: string;
  retain: boolean;
  /** Null: an empty one, which takes a retained message away. */
  payload: Payload | null;
}

/** A value that the scripted worker of a sensor reads; NaN: it says nothing. */
export class Cell {
  readonly shared = new SharedArrayBuffer(8);
  readonly #value = new Float64Array(this.shared);

  set(value: number): void {
    this.#value[0] = value;
  }
}

export function scripted(
  id: string,
  options: { cell?: Cell; fail?: string; rules?: Rule[]; intervalMs?: number } = {},
): SensorConfig {
  const { cell, fail, rules = [], intervalMs = 20 } = options;
  return {
    id,
    type: "temperature",
    valueType: "number",
    unit: "Cel",
    intervalMs,
    scale: 1,
    offset: 0,
    qos: 1,
    driver: { kind: "simulated", options: { cell: cell?.shared, fail, simulate: {} } },
    rules,
  };
}

/** The line from the node to the broker: it can be cut, and nobody else's is. */
export class Cable {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #isCut = false;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async lay(to: number): Promise<Cable> {
    const server = createServer();
    const cable = new Cable(server);
    server.on("connection", (near) => {
      const far = connect(to, "127.0.0.1");
      for (const [socket, other] of [
        [near, far],
        [far, near],
      ] as const) {
        cable.#sockets.add(socket);
        socket.on("error", () => other.destroy());
        socket.on("close", () => {
          cable.#sockets.delete(socket);
          other.destroy();
        });
        socket.pipe(other);
      }
      if (cable.#isCut) near.destroy();
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return cable;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  cut(): void {
    this.#isCut = true;
    for (const socket of this.#sockets) socket.destroy();
  }

  mend(): void {
    this.#isCut = false;
  }

  close(): Promise<void> {
    this.cut();
    return new Promise((resolve) => this.#server.close(() => resolve()));
  }
}

export class Bench {
  readonly cable: Cable;
  readonly folder: string;
  readonly port: number;
  readonly stops: Error[] = [];
  readonly #worker: URL;
  readonly #open: { close(): Promise<void> }[] = [];

  private constructor(folder: string, port: number, worker: URL, cable: Cable) {
    this.cable = cable;
    this.folder = folder;
    this.port = port;
    this.#worker = worker;
  }

  static async create(port: number): Promise<Bench> {
    const folder = await mkdtemp(join(tmpdir(), "fieldmesh-node-"));
    const worker = join(folder, "worker.mjs");
    await writeFile(worker, SCRIPTED_WORKER);
    return new Bench(folder, port, pathToFileURL(worker), await Cable.lay(port));
  }

  async node(
    sensors: SensorConfig[],
    more: Partial<NodePorts> & { config?: Partial<NodeConfig> } = {},
  ): Promise<EdgeNode> {
    const { config, ...ports } = more;
    const node = await startNode(
      {
        node: "greenhouse",
        domain: "env",
        sensors,
        backfillPerSecond: 500,
        log: {
          heldBytes: 4_000_000,
          heldMs: 3_600_000,
          replayBytes: 1_000_000,
          replayMs: 600_000,
          writeEveryMs: 50,
          flushEveryMs: 200,
        },
        ...config,
      },
      {
        folder: join(this.folder, "data"),
        createLink: (options) => this.#link(this.cable.port, options),
        logger: silent,
        onStop: (reason) => this.stops.push(reason),
        threadModule: this.#worker,
        brokerWaitMs: 1_000,
        ...ports,
      },
    );
    this.#open.push(node);
    return node;
  }

  /** Hears everything at the broker, from now on and what is retained. */
  async ear(
    filters: string[] = ["#"],
  ): Promise<{ heard: Heard[]; link: MqttLink; of(end: string): Heard[] }> {
    const heard: Heard[] = [];
    const link = this.#link(this.port, { clientId: `ear${this.#open.length}` });
    link.onMessage((topic, bytes, { retain }) => {
      const text = bytes.toString();
      heard.push({ topic, retain, payload: parsed(text) });
    });
    await link.subscribe(filters, 1);
    const connected = new Promise<void>((resolve) => link.onConnect(() => resolve()));
    link.start();
    this.#open.push(link);
    await connected;
    return { heard, link, of: (end) => heard.filter(({ topic }) => topic.endsWith(end)) };
  }

  /** Sends a command and waits for its reply. */
  async ask(link: MqttLink, name: string, args: unknown, node = "greenhouse"): Promise<Reply> {
    const id = `${name}-${Math.random()}`;
    const topic = `env/${node}/cmd/${name}`;
    const reply = new Promise<Reply>((resolve) => {
      const off = link.onMessage((from, bytes) => {
        if (from !== `${topic}/reply`) return;
        const answer = JSON.parse(bytes.toString()) as Reply;
        if (answer.id !== id) return;
        off();
        resolve(answer);
      });
    });
    await link.publish(topic, JSON.stringify({ id, name, args, by: "test" }), { qos: 1 });
    return reply;
  }

  async close(): Promise<void> {
    for (const one of this.#open.toReversed()) await one.close();
    await this.cable.close();
    await rm(this.folder, { recursive: true });
  }

  #link(port: number, options: Pick<Parameters<typeof createMqttLink>[0], "clientId" | "will">): MqttLink {
    return createMqttLink({ urls: [`mqtt://127.0.0.1:${port}`], log: silent, ...options });
  }
}

/** Null for what is empty or no JSON. */
function parsed(text: string): Payload | null {
  try {
    return JSON.parse(text) as Payload;
  } catch {
    return null;
  }
}
