// Brokers that the registry administers, and consumers at them.
import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createMqttLink, type MqttLink } from "@fieldmesh/runtime";
import { type BrokerAccess, createBrokerAccess } from "../broker-access/broker-access.js";
import { quiet as log } from "./quiet.js";

/** What a loaded machine may take for anything. */
export const LOAD_MS = 60_000;

/** A broker that the registry administers, with a node that publishes. */
export interface AdministeredBroker {
  readonly port: number;
  readonly access: BrokerAccess;
  /** The registry's own link. */
  readonly link: MqttLink;
  /** Resolves when the broker has taken it. */
  publish(topic: string, payload: string, retain?: boolean): Promise<void>;
  /** Connects with a new password of this consumer. */
  consumer(name: string, options?: ConsumerOptions): Promise<TestConsumer>;
  /** Connects, or tries to. */
  connect(username: string, password: string, options?: ConsumerOptions): TestConsumer;
  /** Ends the broker; what it kept is there when it starts again. */
  stop(): Promise<void>;
  start(): Promise<void>;
  close(): Promise<void>;
}

/** The passwords of those that the password file of these brokers knows. */
export const SECRET = "a-secret";
/** It may write everything below `env/` and `hole/`. */
export const NODE = "n1";

interface Running {
  port: number;
  close(): Promise<void>;
}
/** Starts the broker with the files that it keeps in the folder; port 0 = any free one. */
export type StartBroker = (folder: string, port: number) => Promise<Running>;

/** @param prepare writes users and access rules into the folder */
export async function administeredBroker(
  prepare: (folder: string) => Promise<void>,
  startBroker: StartBroker,
): Promise<AdministeredBroker> {
  const folder = await mkdtemp(join(tmpdir(), "fieldmesh-doors-"));
  await prepare(folder);
  let broker: Running | undefined = await startBroker(folder, 0);
  const { port } = broker;
  const linkOf = (username: string): MqttLink =>
    createMqttLink({
      urls: [`mqtt://127.0.0.1:${port}`],
      clientId: `fm_${username}`,
      username,
      password: SECRET,
      log,
    });
  const link = linkOf("registry");
  const node = linkOf(NODE);
  const access = createBrokerAccess({ link, log });
  const bothConnected = async (): Promise<void> => {
    await Promise.all([link, node].map(whenConnected));
  };
  link.start();
  node.start();
  await bothConnected();
  const stop = async (): Promise<void> => {
    await broker?.close();
    broker = undefined;
  };
  const connect: AdministeredBroker["connect"] = (username, password, options) =>
    new TestConsumer(port, username, password, options);
  return {
    port,
    access,
    link,
    publish: (topic, payload, retain = false) => node.publish(topic, payload, { qos: 1, retain }),
    connect,
    consumer: async (name, options) => {
      const { username, password } = await access.renew(name);
      const consumer = connect(username, password, options);
      await consumer.connected;
      return consumer;
    },
    stop,
    start: async () => {
      broker = await startBroker(folder, port);
      await bothConnected();
    },
    close: async () => {
      await access.close();
      await Promise.all([link.close(), node.close()]);
      await stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function whenConnected(link: MqttLink): Promise<void> {
  return link.connected ? Promise.resolve() : new Promise((resolve) => link.onConnect(() => resolve()));
}

export interface ConsumerOptions {
  /** The broker keeps its session, and what comes for it, while it is away. */
  session?: boolean;
}

/** As `mosquitto_sub` is: it connects again when it is thrown out, and subscribes again to what it was granted. */
export class TestConsumer implements AsyncDisposable {
  readonly link: MqttLink;
  /** "topic payload" of each message. */
  readonly seen: string[] = [];
  /** So often the broker refused to let it in. */
  refusals = 0;
  readonly connected: Promise<void>;
  readonly refused: Promise<void>;
  /** The first loss of its connection. */
  readonly lost: Promise<void>;
  readonly #waiting: (() => void)[] = [];

  constructor(port: number, username: string, password: string, { session = false }: ConsumerOptions = {}) {
    let refuse = (): void => undefined;
    this.refused = new Promise((resolve) => {
      refuse = resolve;
    });
    this.link = createMqttLink({
      urls: [`mqtt://127.0.0.1:${port}`],
      // Two of one name would take the broker from each other; a session belongs to one name.
      clientId: `test_${Buffer.from(username).toString("hex")}${session ? "" : `_${randomBytes(4).toString("hex")}`}`,
      username,
      password,
      clean: !session,
      log,
      onRefused: ({ kind }) => {
        if (kind !== "connection") return;
        this.refusals += 1;
        refuse();
      },
    });
    this.connected = whenConnected(this.link);
    this.lost = new Promise((resolve) => this.link.onDisconnect(() => resolve()));
    this.link.onMessage((topic, payload) => {
      this.seen.push(`${topic} ${payload.toString()}`);
      for (const look of this.#waiting) look();
    });
    this.link.start();
  }

  /** Whether the broker granted the filter. */
  subscribes(filter: string): Promise<boolean> {
    return this.link.subscribe([filter]).then(
      () => true,
      () => false,
    );
  }

  /** Resolves when the condition holds for what was seen. */
  async until(done: (seen: readonly string[]) => boolean): Promise<void> {
    if (done(this.seen)) return;
    await new Promise<void>((resolve) => {
      this.#waiting.push(() => {
        if (done(this.seen)) resolve();
      });
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.link.close();
  }
}
