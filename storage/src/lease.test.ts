import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import type { Collection, Storage } from "./collection.js";
import { acquireLease, type Lease, type LeaseDocument } from "./lease.js";
import { openLmdbStorage } from "./lmdb/lmdb-storage.js";
import { openMongoStorage } from "./mongodb/mongo-storage.js";
import { lacksMongo, startMongo, type TestMongo } from "./testing/mongo-server.js";

const quiet = { info: () => {}, warn: () => {} };
const TTL_MS = 10_000;

let mongo: TestMongo | undefined;
let places = 0;
afterAll(() => mongo?.stop());

const ADAPTERS: { name: string; skip: boolean; open: () => Promise<Storage> }[] = [
  {
    name: "LMDB",
    skip: false,
    open: async () => {
      const folder = await mkdtemp(join(tmpdir(), "fieldmesh-lease-"));
      onTestFinished(() => rm(folder, { recursive: true, force: true }));
      return openLmdbStorage(folder, "test", () => Promise.resolve({ release: () => Promise.resolve() }));
    },
  },
  {
    name: "MongoDB",
    skip: lacksMongo(),
    open: async () => {
      mongo ??= await startMongo();
      places += 1;
      return openMongoStorage({ url: mongo?.url ?? "", service: `lease-${places}`, log: quiet });
    },
  },
];

/** A machine: its clocks, which stand still until they are moved, and whether it is paused. */
class Machine {
  #ms = Math.random() * 1e9;
  readonly #offMs: number;
  readonly #waiting: { until: number; go: () => void }[] = [];
  /** How often a lease has begun to wait for its next turn. */
  turns = 0;

  constructor(offMs = 0) {
    this.#offMs = offMs;
  }

  readonly clock = { now: () => Date.UTC(2026, 0, 1) + this.#offMs + this.#ms, monotonic: () => this.#ms };

  readonly wait = (ms: number, signal: AbortSignal): Promise<void> =>
    new Promise((resolve) => {
      this.turns += 1;
      const go = () => {
        signal.removeEventListener("abort", go);
        resolve();
      };
      this.#waiting.push({ until: this.#ms + ms, go });
      signal.addEventListener("abort", go);
    });

  /** Time passes, and nothing runs. */
  pause(ms: number): void {
    this.#ms += ms;
  }

  /** Time passes, in steps of a second; each lease has its turn. */
  async run(ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += 1_000) {
      this.#ms += 1_000;
      await this.wake();
    }
  }

  /** Those whose time has come have their turn. */
  async wake(): Promise<void> {
    const due = this.#waiting.filter(({ until }) => until <= this.#ms);
    for (const one of due) this.#waiting.splice(this.#waiting.indexOf(one), 1);
    const wanted = this.turns + due.length;
    for (const { go } of due) go();
    await vi.waitFor(() => expect(this.turns).toBeGreaterThanOrEqual(wanted), {
      timeout: 5_000,
      interval: 1,
    });
  }
}

for (const { name, skip, open } of ADAPTERS) {
  describe.skipIf(skip)(`a lease on ${name}`, () => leaseContract(open));
}

function leaseContract(open: () => Promise<Storage>): void {
  let storage: Storage;
  let collection: Collection<LeaseDocument>;
  const leases: Lease[] = [];

  beforeEach(async () => {
    storage = await open();
    collection = await storage.collection<LeaseDocument>("leases", {});
  });

  afterEach(async () => {
    await Promise.all(leases.splice(0).map((lease) => lease.release()));
    await storage.close();
  });

  async function ask(
    machine: Machine,
    holder: string,
    over: Partial<Parameters<typeof acquireLease>[0]> = {},
  ) {
    const lost: string[] = [];
    const before = machine.turns;
    const lease = acquireLease({
      collection,
      name: "writer",
      holder,
      ttlMs: TTL_MS,
      clock: machine.clock,
      wait: machine.wait,
      log: quiet,
      onLost: (by) => lost.push(by),
      ...over,
    });
    leases.push(lease);
    await vi.waitFor(() => expect(machine.turns).toBeGreaterThan(before)); // its first turn is over
    return { lease, lost };
  }

  it("is held by one, whose name the other knows, and had at once when it is given back", async () => {
    const [one, two] = [new Machine(), new Machine(3_600_000)];
    const { lease: first } = await ask(one, "historian on one");
    expect(first.held).toBe(true);
    await first.whenHeld;
    const { lease: second } = await ask(two, "historian on two");
    for (let n = 0; n < 30; n += 1) {
      await one.run(1_000);
      await two.run(1_000);
    }
    expect([first.held, second.held]).toEqual([true, false]);
    expect(second.holder).toBe("historian on one");
    expect((await collection.get("writer"))?.document).toMatchObject({ holder: "historian on one" });
    await first.release();
    expect(first.held).toBe(false);
    await two.run(1_000);
    expect(second.held).toBe(true);
    await second.whenHeld;
    expect(second.holder).toBe("historian on two");
  });

  it("is taken over within 15 s when its holder died, whatever the clocks say, and not before it knows", async () => {
    const [one, two] = [new Machine(-7_200_000), new Machine(3_600_000)];
    const { lease: first, lost } = await ask(one, "one");
    const { lease: second } = await ask(two, "two");
    for (let n = 0; n < 7; n += 1) {
      await one.run(1_000);
      await two.run(1_000);
    }
    // From here on the first is paused (or dead): time passes for both, but it does nothing.
    let passed = 0;
    while (!second.held) {
      one.pause(1_000);
      await two.run(1_000);
      passed += 1_000;
      expect(first.held && second.held).toBe(false);
      expect(passed).toBeLessThan(15_000);
    }
    expect(passed).toBeGreaterThan(TTL_MS - 2_000);
    // It wakes: it knows at once that it may not write, and then who has it.
    expect(first.held).toBe(false);
    await one.wake().catch(() => {}); // it takes no further turn
    await vi.waitFor(() => expect(lost).toEqual(["two"]));
    expect(first.holder).toBe("two");
  });

  it("is not held while the store is away, and goes on when nobody took it", async () => {
    const machine = new Machine();
    let away = false;
    const flaky = new Proxy(collection, {
      get: (target, field: keyof Collection<LeaseDocument>) =>
        away ? () => Promise.reject(new Error("away")) : target[field].bind(target),
    });
    const { lease, lost } = await ask(machine, "one", { collection: flaky });
    const standby = new Machine();
    const { lease: second } = await ask(standby, "two", { collection: flaky });
    away = true;
    await machine.run(9_000);
    expect(lease.held).toBe(false);
    await machine.run(60_000);
    await standby.run(69_000);
    away = false;
    // The other has not seen the holder for a minute, but nor the store: it counts anew.
    await standby.run(2_000);
    await machine.run(2_000);
    expect([lease.held, second.held, lost]).toEqual([true, false, []]);
    await lease.whenHeld;
  });

  it("takes a write whose answer was lost for its own", async () => {
    const machine = new Machine();
    let loses = true;
    const flaky = new Proxy(collection, {
      get:
        (target, field: keyof Collection<LeaseDocument>) =>
        async (...args: unknown[]) => {
          const answer = await Reflect.apply(target[field], target, args);
          if (loses && (field === "insert" || field === "replaceIf")) throw new Error("connection closed");
          return answer;
        },
    });
    const { lease, lost } = await ask(machine, "one", { collection: flaky });
    expect(lease.held).toBe(false);
    loses = false;
    await machine.run(1_000);
    expect(lease.held).toBe(true);
    loses = true;
    await machine.run(2_000);
    loses = false;
    await machine.run(2_000);
    expect([lease.held, lost]).toEqual([true, []]);
  });
}

const BUILT = {
  lease: new URL("../dist/lease.js", import.meta.url).href,
  storage: new URL("../dist/mongodb/mongo-storage.js", import.meta.url).href,
};

/** Holds a lease, and says so when it has it or has it no more. */
const HOLDER = `
import { acquireLease } from ${JSON.stringify(BUILT.lease)};
import { openMongoStorage } from ${JSON.stringify(BUILT.storage)};
const quiet = { info: () => {}, warn: () => {} };
const [url, holder] = process.argv.slice(1);
const storage = await openMongoStorage({ url, service: "processes", log: quiet });
const lease = acquireLease({
  collection: await storage.collection("leases", {}), name: "writer", holder, ttlMs: 3000,
  clock: { now: () => Date.now(), monotonic: () => performance.now() }, log: quiet,
  onLost: (by) => { console.log("lost to " + by); process.exit(0); },
});
console.log("standing by");
await lease.whenHeld;
console.log("held");
setInterval(() => {}, 1000);
`;

describe.skipIf(lacksMongo())("a lease between processes", () => {
  const children: ChildProcess[] = [];
  afterEach(() => {
    for (const child of children.splice(0)) child.kill("SIGKILL");
  });

  it("is taken over from one that was killed, and from one that was paused, which knows it when it goes on", async () => {
    mongo ??= await startMongo();
    const url = mongo?.url ?? "";
    const start = async (holder: string) => {
      const child = spawn(process.execPath, ["--input-type=module", "-e", HOLDER, url, holder], {
        stdio: ["ignore", "pipe", "inherit"],
      });
      children.push(child);
      const lines: string[] = [];
      createInterface({ input: child.stdout }).on("line", (line) => lines.push(line));
      await vi.waitFor(() => expect(lines).toContain("standing by"), 15_000);
      return { child, lines };
    };
    const one = await start("one");
    await vi.waitFor(() => expect(one.lines).toContain("held"), 10_000);
    const two = await start("two");
    one.child.kill("SIGKILL");
    await once(one.child, "exit");
    const killedAt = performance.now();
    await vi.waitFor(() => expect(two.lines).toContain("held"), 15_000);
    expect(performance.now() - killedAt).toBeLessThan(15_000);
    const three = await start("three");
    two.child.kill("SIGSTOP");
    await vi.waitFor(() => expect(three.lines).toContain("held"), 15_000);
    two.child.kill("SIGCONT");
    await vi.waitFor(() => expect(two.lines).toContain("lost to three"), 15_000);
  }, 60_000);
});
