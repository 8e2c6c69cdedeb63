import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type BrokerKind, type BrokerProcess, createBroker } from "./brokers.js";
import { EdgeProcess, type EdgeSettings } from "./edge-node.js";
import { HistorianProcess } from "./historian.js";
import { pause } from "./pause.js";
import type { SwallowingProxy } from "./proxy.js";
import type { ShufflingRelay } from "./relay.js";
import { createStore, type Store, type StoreKind } from "./store.js";
import { Witness } from "./witness.js";

/** Five sensors at 20 readings/s each: 100 readings/s. */
const SENSORS = ["s-one", "s-two", "s-three", "s-four", "s-five"] as const;
const INTERVAL_MS = 50;
/** Of each sensor before a fault begins, and after it. */
const WARM_READINGS = 20;
const FLOWS_WITHIN_MS = 60_000;

export interface HouseSettings {
  broker: BrokerKind;
  /** Where the historian keeps what it remembers. */
  store: StoreKind;
  /** How long what is broken stays broken. */
  outageMs: number;
  maxQueued?: number;
  persistent?: boolean;
}

/** What stands between the parts of a house. */
export interface Between {
  /** How the node is set up otherwise. */
  settings?: Partial<EdgeSettings>;
  /** Through what the consumer and the historian reach the broker. */
  witnessUrl?: string;
  /** Where the historian keeps its own files. */
  historianFolder?: string;
  proxy?: SwallowingProxy;
  relay?: ShufflingRelay;
  closer?: () => Promise<void>;
}

/** A broker, a node of five sensors, a consumer, and a historian with its store, each a real one: what a fault is done to. */
export class House {
  readonly outageMs: number;
  readonly folder: string;
  readonly broker: BrokerProcess;
  readonly node: EdgeProcess;
  witness: Witness;
  readonly historian: HistorianProcess;
  readonly store: Store;
  proxy: SwallowingProxy | undefined;
  relay: ShufflingRelay | undefined;
  /** Closed in reverse order, also when a fault fails. */
  readonly closers: (() => Promise<void>)[] = [];

  private constructor(
    outageMs: number,
    folder: string,
    broker: BrokerProcess,
    node: EdgeProcess,
    witness: Witness,
    historian: HistorianProcess,
    store: Store,
  ) {
    this.outageMs = outageMs;
    this.folder = folder;
    this.broker = broker;
    this.node = node;
    this.witness = witness;
    this.historian = historian;
    this.store = store;
  }

  /** Builds a house, not yet started. With `between` a fault puts something between its parts. */
  static async build(
    settings: HouseSettings,
    between?: (broker: BrokerProcess, folder: string) => Promise<Between>,
  ): Promise<House> {
    const folder = await mkdtemp(join(tmpdir(), "fieldmesh-fault-"));
    const { maxQueued, persistent = false, outageMs } = settings;
    const broker = await createBroker(settings.broker, {
      folder,
      ...(maxQueued === undefined ? {} : { maxQueued }),
    });
    const added = await between?.(broker, folder);
    const nodeFolder = join(folder, "node");
    await mkdir(nodeFolder);
    const node = new EdgeProcess({
      id: "greenhouse",
      folder: nodeFolder,
      url: broker.url,
      sensors: SENSORS,
      intervalMs: INTERVAL_MS,
      ...added?.settings,
    });
    const consumerUrl = added?.witnessUrl ?? broker.url;
    const store = await createStore(settings.store);
    const historian = new HistorianProcess({
      folder: added?.historianFolder ?? folder,
      brokerUrl: consumerUrl,
      storage: store.address,
    });
    const witness = new Witness({ url: consumerUrl, persistent });
    const house = new House(outageMs, folder, broker, node, witness, historian, store);
    house.proxy = added?.proxy;
    house.relay = added?.relay;
    house.closers.push(
      () => rm(folder, { recursive: true, force: true, maxRetries: 3 }),
      async () => added?.closer?.(),
      async () => added?.proxy?.close(),
      () => broker.stop(),
      () => store.stop(),
      () => historian.stop(),
      () => house.witness.close(),
      () => node.stop(),
    );
    return house;
  }

  /** Starts everything and waits until every sensor flows. */
  async start(): Promise<void> {
    await this.broker.start();
    await this.historian.start();
    this.witness.start();
    await this.node.start();
    await this.flows();
  }

  /** Waits until some readings more of every sensor were stored. */
  async flows(): Promise<void> {
    const { id, sensors } = this.node.settings;
    const stored = () =>
      sensors.map((sensor) => this.witness.rows(id).find((row) => row.sensor === sensor && row.current));
    const before = stored();
    const flows = () =>
      stored().every((now, index) => {
        const then = before[index];
        const sameBoot = then !== undefined && then.boot === now?.boot;
        return (now?.stored ?? 0) >= (sameBoot ? then.stored : 0) + WARM_READINGS;
      });
    const deadline = performance.now() + FLOWS_WITHIN_MS;
    while (!flows()) {
      if (performance.now() > deadline) {
        throw new Error(
          `not every sensor flows within ${FLOWS_WITHIN_MS} ms:\n${this.node.lines.slice(-20).join("\n")}`,
        );
      }
      await pause(100);
    }
  }

  async close(): Promise<void> {
    for (const close of this.closers.splice(0).reverse()) await close();
  }

  /** The fault lasts. */
  async outage(): Promise<void> {
    await pause(this.outageMs);
  }
}
