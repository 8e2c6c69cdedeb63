import {
  buildTopic,
  encodeBirth,
  encodeReading,
  encodeReply,
  encodeStats,
  encodeStatus,
  type LostRange,
  RangeSet,
  type SensorAccount,
} from "@fieldmesh/protocol";
import type { FakeLink } from "./fake-link.js";

const DESK = { domain: "env", node: "desk" };
const SENSOR = "temperature";

/** One boot's part of a node's log. */
interface Boot {
  boot: number;
  lastSeq: number;
  /** By number: when it was read, ms. */
  read: Map<number, number>;
  held: RangeSet;
  lost: LostRange[];
}

/**
 * A node of one sensor in few lines, as far as a consumer can tell: it numbers, holds what it cannot send, sends
 * it when it is connected again, answers `resend`, and tells its account.
 */
export class FakeNode {
  readonly #link: FakeLink;
  readonly #now: () => number;
  #boots: Boot[] = [];
  #conn = 0;
  #startedAt = 0;
  #connectedAt = 0;
  connected = false;
  running = false;
  /** What is published does not get to the consumer, though the broker acknowledged it. */
  losing = false;
  /** The answer to a `resend` does not come. */
  deaf = false;

  constructor(link: FakeLink, now: () => number) {
    this.#link = link;
    this.#now = now;
    link.onPublished = (topic, payload) => this.#onCommand(topic, payload);
  }

  get boot(): Boot {
    const boot = this.#boots.at(-1);
    if (boot === undefined) throw new Error("the node was not started");
    return boot;
  }

  start(boot: number): void {
    this.#boots.push({ boot, lastSeq: 0, read: new Map(), held: new RangeSet(), lost: [] });
    this.#conn = 0;
    this.#startedAt = this.#now();
    this.running = true;
    this.connect();
  }

  connect(): void {
    this.connected = true;
    this.#conn++;
    this.#connectedAt = this.#now();
    this.tell();
    for (const boot of this.#boots) {
      for (const [from, to] of boot.held.ranges()) {
        for (let seq = from; seq <= to; seq++) this.#send(boot, seq, true);
      }
      boot.held = new RangeSet();
    }
    this.stats();
  }

  /** Status, birth and stats, as at each connect; also as what is retained of them. */
  tell(retain = false): void {
    this.#link.send(this.#topic("status"), this.#status("online"), retain);
    const birth = {
      ...DESK,
      boot: this.boot.boot,
      version: "1",
      host: "desk",
      startedAt: this.#startedAt,
      sensors: [{ id: SENSOR, type: SENSOR, unit: "Cel", intervalMs: 1_000, driver: "simulated", rules: [] }],
    };
    this.#link.send(this.#topic("birth"), encodeBirth(birth), retain);
    this.stats(retain);
  }

  /** The network of the node is cut: after a while the broker says so. */
  cut(): void {
    this.connected = false;
    this.#link.send(this.#topic("status"), this.#status("offline", "connection lost"));
  }

  stop(): void {
    if (this.connected) this.#link.send(this.#topic("status"), this.#status("offline", "stopped"));
    this.running = false;
    this.connected = false;
  }

  kill(): void {
    this.cut();
    this.running = false;
  }

  read(): void {
    if (!this.running) return;
    const { boot } = this;
    boot.lastSeq++;
    boot.read.set(boot.lastSeq, this.#now());
    if (this.connected) this.#send(boot, boot.lastSeq, false);
    else boot.held.add(boot.lastSeq);
  }

  /** Gives up the oldest that it holds. */
  drop(count: number, cause: string): void {
    for (let n = 0; n < count; n++) {
      const { held, lost } = this.boot;
      const seq = held.min;
      if (seq === undefined) return;
      held.remove(seq);
      lost.push([seq, seq, cause]);
    }
  }

  /** What `resend` could still give is overwritten up to now. */
  forget(): void {
    for (const boot of this.#boots) {
      for (const seq of boot.read.keys()) if (!boot.held.has(seq)) boot.read.delete(seq);
    }
  }

  stats(retain = false): void {
    if (!this.connected) return;
    const previous = this.#boots.slice(0, -1).map((boot) => ({
      boot: boot.boot,
      sensors: { [SENSOR]: accountOf(boot) },
    }));
    const present = { ...accountOf(this.boot), bad: 0, state: "ok" as const };
    const payload = encodeStats({
      boot: this.boot.boot,
      timestamp: this.#now(),
      sensors: { [SENSOR]: present },
      log: { bytes: 0, oldest: null },
      previous,
    });
    this.#link.send(this.#topic("stats"), payload, retain);
  }

  #send(boot: Boot, seq: number, backfill: boolean): void {
    if (this.losing) return;
    const payload = encodeReading({
      node: DESK.node,
      sensor: SENSOR,
      value: seq,
      unit: "Cel",
      timestamp: boot.read.get(seq) ?? this.#now(),
      boot: boot.boot,
      seq,
      ...(backfill ? { backfill } : {}),
    });
    this.#link.send(buildTopic({ kind: "raw", ...DESK, sensor: SENSOR }), payload);
  }

  #onCommand(topic: string, payload: string): void {
    if (!topic.endsWith("/cmd/resend") || !this.connected || this.deaf) return;
    const { id, args } = JSON.parse(payload) as {
      id: string;
      args: { boot: number; from: number; to: number };
    };
    const boot = this.#boots.find((candidate) => candidate.boot === args.boot);
    const gone: LostRange[] = [];
    let sent = 0;
    for (let seq = args.from; seq <= args.to; seq++) {
      if (boot?.held.has(seq) === true) continue;
      const lost = boot?.lost.find(([from, to]) => seq >= from && seq <= to);
      if (boot?.read.has(seq) === true && lost === undefined) {
        this.#send(boot, seq, true);
        sent++;
      } else gone.push([seq, seq, lost?.[2] ?? "expired"]);
    }
    const held = boot?.held.clip(args.from, args.to).ranges() ?? [];
    this.#link.send(`${topic}/reply`, encodeReply({ id, ok: true, result: { sent, held, gone } }));
  }

  #status(state: "online" | "offline", reason?: string): string {
    const timestamp = state === "online" ? this.#connectedAt : this.#now();
    const status = { state, boot: this.boot.boot, conn: this.#conn, timestamp };
    return encodeStatus(reason === undefined ? status : { ...status, reason });
  }

  #topic(kind: "birth" | "status" | "stats"): string {
    return buildTopic({ kind, ...DESK });
  }
}

function accountOf({ lastSeq, held, lost, read }: Boot): SensorAccount {
  const keptFrom = Math.min(lastSeq + 1, ...read.keys());
  return { read: lastSeq, suppressed: 0, lastSeq, dropped: lost, held: held.ranges(), keptFrom };
}
