import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdir, rm, statfs, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Fault } from "./fault.js";
import { createBroker } from "./harness/brokers.js";
import { EdgeProcess } from "./harness/edge-node.js";
import { malformed } from "./harness/malformed.js";
import { pause } from "./harness/pause.js";
import { SwallowingProxy } from "./harness/proxy.js";
import { ShufflingRelay } from "./harness/relay.js";
import { Witness } from "./harness/witness.js";

const BOTH = ["fieldmesh", "mosquitto"] as const;
const STORES = ["embedded", "mongodb"] as const;
const HOUR_MS = 3_600_000;

/** The faults, each done to a house of its own. */
export const FAULTS: readonly Fault[] = [
  {
    name: "kill -9 of the broker",
    brokers: BOTH,
    stores: STORES,
    async inflict(house) {
      await house.broker.kill();
      await house.outage();
      await house.broker.start();
    },
  },
  {
    name: "kill -9 of the node",
    brokers: BOTH,
    stores: STORES,
    async inflict({ node }) {
      await node.kill();
      await node.start();
    },
    afterwards({ witness, node }) {
      const boots = new Set(witness.rows(node.settings.id).map((row) => row.boot));
      assert.equal(boots.size, 2);
    },
  },
  {
    name: "kill -9 of the node while the broker is away",
    brokers: BOTH,
    stores: STORES,
    async inflict(house) {
      await house.broker.kill();
      await pause(house.outageMs / 2);
      await house.node.kill();
      await house.node.start();
      await pause(house.outageMs / 2);
      await house.broker.start();
    },
    afterwards({ witness, node }) {
      const boots = new Set(witness.rows(node.settings.id).map((row) => row.boot));
      assert.equal(boots.size, 2);
    },
  },
  {
    name: "a sensor worker that crashes",
    brokers: BOTH,
    stores: STORES,
    async inflict(house) {
      const { node, witness } = house;
      for (let times = 0; times < 3; times++) {
        await node.order({ crash: { sensor: "s-two", at: Date.now() } });
        await pause(house.outageMs / 3);
      }
      await house.flows();
      const stats = witness.consumer.node("env", node.settings.id)?.stats;
      assert.ok((stats?.sensors["s-two"]?.restarts ?? 0) > 0);
    },
  },
  {
    name: "a sensor worker that hangs",
    brokers: BOTH,
    stores: STORES,
    async inflict(house) {
      const before = house.witness.storedOf(house.node.settings.id);
      await house.node.order({ hang: { sensor: "s-two", at: Date.now() } });
      await pause(house.outageMs);
      // The others run on.
      const stored = house.witness.storedOf(house.node.settings.id) - before;
      assert.ok(stored > (house.outageMs / 1_000) * 50);
      await house.flows();
    },
  },
  {
    name: "a node's connection in which all bytes vanish",
    brokers: BOTH,
    stores: STORES,
    async between(broker) {
      const proxy = new SwallowingProxy(broker.port);
      await proxy.start();
      return { settings: { url: proxy.url }, proxy };
    },
    async inflict(house) {
      house.proxy?.swallow();
      await house.outage();
      house.proxy?.heal();
    },
  },
  {
    name: "a consumer's connection in which all bytes vanish",
    brokers: BOTH,
    stores: STORES,
    async between(broker) {
      const proxy = new SwallowingProxy(broker.port);
      await proxy.start();
      return { witnessUrl: proxy.url, proxy };
    },
    async inflict(house) {
      house.proxy?.swallow();
      await house.outage();
      house.proxy?.heal();
    },
  },
  {
    name: "a full disk under the log",
    brokers: BOTH,
    stores: STORES,
    needsRoot: true,
    mayDrop: true,
    async between(_broker, folder) {
      const dataDir = join(folder, "small-disk");
      await mkdir(dataDir);
      execFileSync("mount", ["-t", "tmpfs", "-o", "size=4m", "tmpfs", dataDir]);
      return { settings: { dataDir }, closer: async () => void execFileSync("umount", ["-l", dataDir]) };
    },
    async inflict(house) {
      const filler = join(house.node.dataDir, "filler");
      await writeFile(filler, Buffer.alloc(8 * 1024 * 1024)).catch(() => undefined); // until nothing more fits
      assert.equal((await statfs(house.node.dataDir)).bavail, 0);
      await house.outage();
      assert.ok(house.node.process.running);
      await rm(filler);
    },
  },
  {
    name: "10,000 malformed payloads and topics",
    brokers: BOTH,
    stores: STORES,
    async inflict(house) {
      const { witness, broker, node } = house;
      const before = witness.consumer.dropped.total;
      await malformed(broker.url, node.settings.id, 10_000);
      // Some go to topics that no consumer subscribes to; the broker itself may refuse others.
      assert.ok(witness.consumer.dropped.total - before > 5_000);
      const { byCause } = witness.consumer.dropped;
      for (const cause of ["json", "utf8", "field", "mismatch", "name", "size"])
        assert.ok((byCause[cause] ?? 0) > 0, cause);
    },
  },
  {
    name: "clocks that are moved by an hour",
    brokers: BOTH,
    stores: STORES,
    async inflict(house) {
      const { node, witness } = house;
      for (const shiftMs of [HOUR_MS, -HOUR_MS, 0]) {
        await node.order({ shiftMs });
        await pause(house.outageMs / 6);
        witness.shiftMs = -shiftMs;
        await pause(house.outageMs / 6);
      }
    },
  },
  {
    name: "two nodes with one id",
    brokers: BOTH,
    stores: STORES,
    mayDrop: true, // what the one that stands down still held
    leavesRunning: true,
    async inflict(house) {
      const folder = join(house.folder, "twin");
      await mkdir(folder);
      const twin = new EdgeProcess({ ...house.node.settings, folder });
      house.closers.push(() => twin.stop());
      await pause(1_100); // a boot is a second: the twin's is above
      await twin.start();
      // One of the two stands down, with an error and for good.
      const code = await Promise.race([house.node.down, twin.down]);
      assert.equal(code, 2);
      assert.equal([house.node.process.running, twin.process.running].filter(Boolean).length, 1);
    },
    afterwards({ witness, node }) {
      const boots = new Set(witness.rows(node.settings.id).map((row) => row.boot));
      assert.ok(boots.size >= 2);
    },
  },
  {
    name: "a persistent subscriber that is away beyond the broker's queue limit",
    stores: STORES,
    brokers: BOTH, // of the two limits only Mosquitto's is reached here
    house: { persistent: true, maxQueued: 100 },
    async inflict(house) {
      await house.witness.close();
      const state = house.witness.consumer.save();
      const { stored } = house.witness;
      await house.outage();
      house.witness = new Witness({ url: house.broker.url, persistent: true, state, stored });
      house.witness.start();
    },
  },
  {
    name: "readings that are delivered in any order, some of them twice",
    brokers: BOTH,
    stores: STORES,
    async between(broker, folder) {
      const behind = await createBroker("fieldmesh", { folder: join(folder, "behind") });
      await behind.start();
      const relay = new ShufflingRelay({ nodes: broker.url, consumers: behind.url });
      relay.start();
      return {
        witnessUrl: behind.url,
        relay,
        closer: async () => {
          await relay.close();
          await behind.stop();
        },
      };
    },
    async inflict(house) {
      await house.outage();
      house.relay?.mend();
    },
    afterwards({ witness, node }) {
      const rows = witness.rows(node.settings.id);
      assert.ok(rows.every(({ duplicates, outOfOrder }) => duplicates > 0 && outOfOrder > 0));
    },
  },
  {
    name: "kill -9 of the historian",
    brokers: BOTH,
    stores: STORES,
    async inflict({ historian, outageMs }) {
      for (let times = 0; times < 3; times++) {
        await historian.kill();
        await historian.start();
        await pause(outageMs / 3);
      }
    },
  },
  {
    name: "a historian that is away",
    brokers: BOTH,
    stores: STORES,
    async inflict(house) {
      await house.historian.stop();
      await house.outage();
      await house.historian.start();
    },
    async afterwards({ historian, node }) {
      const { id, sensors } = node.settings;
      const losses = await historian.losses(`env_${id}_${sensors[0]}`);
      const recovered = losses.filter(({ explanation }) => explanation === "recovered");
      assert.ok(recovered.length > 0, JSON.stringify(losses));
      for (const { cause } of recovered) assert.equal(cause, "historian-away");
    },
  },
  {
    name: "kill -9 of the historian's store",
    brokers: BOTH,
    stores: ["mongodb"],
    async inflict(house) {
      await house.store.kill();
      await house.outage();
      assert.ok(house.historian.running);
      await house.store.restart();
    },
  },
];
