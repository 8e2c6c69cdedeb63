import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { defaultDashboardConfig } from "../config/read-config.js";
import type { DashboardConfig } from "../config/schema.js";
import { type Dashboard, startDashboard } from "../dashboard.js";
import type { DashboardOptions, DashboardWorld } from "../options.js";
import { Browser } from "./browser.js";
import { TestNode } from "./node.js";
import { quiet } from "./quiet.js";

interface TestBroker {
  readonly port: number;
  close(): Promise<void>;
}

/** A broker, a folder, and dashboards on them: real ones. Closed as a whole. */
export class Stack {
  readonly folder: string;
  readonly brokerPort: number;
  readonly #closers: (() => Promise<unknown>)[] = [];

  private constructor(folder: string, brokerPort: number) {
    this.folder = folder;
    this.brokerPort = brokerPort;
  }

  /** @param startBroker from `broker/`, which only test files may import */
  static async start(startBroker: (config: { port: number }) => Promise<TestBroker>): Promise<Stack> {
    const folder = await mkdtemp(join(tmpdir(), "fieldmesh-dashboard-"));
    const broker = await startBroker({ port: 0 });
    const stack = new Stack(folder, broker.port);
    stack.#closers.push(
      () => rm(folder, { recursive: true, force: true }),
      () => broker.close(),
    );
    return stack;
  }

  own(close: () => Promise<unknown>): void {
    this.#closers.push(close);
  }

  get brokerUrl(): string {
    return `mqtt://127.0.0.1:${this.brokerPort}`;
  }

  async dashboard(
    config: Partial<DashboardConfig> = {},
    more: Partial<DashboardOptions> = {},
    world: Partial<DashboardWorld> = {},
  ): Promise<Dashboard> {
    const dashboard = await startDashboard(
      {
        host: "127.0.0.1",
        port: 0,
        usersFile: join(this.folder, "users.yaml"),
        brokers: [[this.brokerUrl]],
        folder: join(this.folder, "dashboard"),
        config: { ...defaultDashboardConfig(), ...config },
        ...more,
      },
      { log: quiet, ...world },
    );
    this.own(() => dashboard.close());
    return dashboard;
  }

  async node(name: string, boot = 1_000, sensors: string[] = ["temperature"]): Promise<TestNode> {
    const node = new TestNode(this.brokerUrl, name, boot, sensors);
    await node.connect();
    this.own(() => node.close());
    return node;
  }

  browser(url: string, headers: Record<string, string> = {}): Browser {
    const browser = new Browser(url, headers);
    this.own(() => Promise.resolve(browser.close()));
    return browser;
  }

  async close(): Promise<void> {
    for (const close of this.#closers.reverse()) await close();
  }
}
