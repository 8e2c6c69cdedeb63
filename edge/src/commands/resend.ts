import { type Commands, type LostRange, RangeSet } from "@fieldmesh/protocol";
import type { LoggedReading } from "../log/entry.js";
import type { NodeLog } from "../log/log.js";
import type { Rate } from "../publish/rate.js";
import { CommandError } from "./command-error.js";

type Args = Commands["resend"]["args"];
type Result = Commands["resend"]["result"];

/** What was sent so recently is not sent again for another request. */
const MERGE_MS = 1_000;
/** Readings sent for one request; who wants more sees the rest still missing and asks again. */
const MAX_READINGS = 5_000;
/** On their way at once, for all requests: the rate is the bound, not the time that an acknowledgement takes. */
const MAX_INFLIGHT = 100;
/** Requests in work; each has a file open. A consumer that asks for more does not wait for answers. */
const MAX_REQUESTS = 64;

export interface ResendPorts {
  log: NodeLog;
  /** Shared by all requests, so that a long one does not keep a short one waiting. */
  rate: Rate;
  boot: () => number;
  send: (reading: LoggedReading) => Promise<void>;
}

/** One request's share of the work: what no other request of the last second asked for. */
interface Job {
  wanted: RangeSet;
  sent: Promise<RangeSet>;
}

/** Sends readings again that consumers miss. Overlapping requests of one second are one. */
export class Resend {
  readonly #ports: ResendPorts;
  /** By boot and sensor, those in work and those of the last second. */
  readonly #jobs = new Map<string, Set<Job>>();
  readonly #onTheWay = new Set<Promise<boolean>>();
  #requests = 0;

  constructor(ports: ResendPorts) {
    this.#ports = ports;
  }

  /** @throws CommandError busy, failed. */
  async request(args: Args): Promise<Result> {
    if (this.#requests >= MAX_REQUESTS) {
      throw new CommandError("busy", `${MAX_REQUESTS} requests are in work: wait for their replies`);
    }
    this.#requests += 1;
    try {
      const asked = RangeSet.of([[args.from, Math.min(args.to, args.from + MAX_READINGS - 1)]]);
      const sent = new RangeSet();
      for (const job of this.#join(args, asked)) {
        for (const [from, to] of (await job.sent).ranges()) sent.add(from, to);
      }
      return this.#result(args, asked, sent);
    } catch (cause) {
      throw new CommandError("failed", `resend: ${cause instanceof Error ? cause.message : String(cause)}`);
    } finally {
      this.#requests -= 1;
    }
  }

  /** The jobs that together send what is asked for: those that are there already, and a new one for the rest. */
  #join({ sensor, boot }: Args, asked: RangeSet): Job[] {
    const key = `${boot}/${sensor}`;
    const jobs = this.#jobs.get(key) ?? new Set();
    this.#jobs.set(key, jobs);
    const [[from, to] = [0, -1]] = asked.ranges();
    const joined = [...jobs].filter((job) => job.wanted.countWithin(from, to) > 0);
    let rest = asked;
    for (const job of joined) rest = rest.subtract(job.wanted);
    if (rest.count === 0) return joined;
    const job: Job = { wanted: rest, sent: this.#send(sensor, boot, rest) };
    jobs.add(job);
    const forget = (): void => {
      jobs.delete(job);
      if (jobs.size === 0 && this.#jobs.get(key) === jobs) this.#jobs.delete(key);
    };
    job.sent.then(
      () => setTimeout(forget, MERGE_MS).unref(),
      () => forget(), // whoever asks again tries again
    );
    return [...joined, job];
  }

  async #send(sensor: string, boot: number, wanted: RangeSet): Promise<RangeSet> {
    const { log, rate, send } = this.#ports;
    const sent = new RangeSet();
    const held = log.account("reading", sensor, boot)?.held;
    const sending: Promise<void>[] = [];
    for (const [from, to] of wanted.ranges()) {
      for await (const reading of log.read(sensor, boot, from, to)) {
        if (held?.has(reading.seq) === true) continue; // it comes by itself
        await rate.take();
        while (this.#onTheWay.size >= MAX_INFLIGHT) await Promise.race(this.#onTheWay);
        sending.push(this.#track(send(reading)));
        sent.add(reading.seq);
      }
    }
    await Promise.all(sending);
    return sent;
  }

  #track(sending: Promise<void>): Promise<void> {
    const settled: Promise<boolean> = sending.then(
      () => this.#onTheWay.delete(settled),
      () => this.#onTheWay.delete(settled), // who waits for `sending` itself is told
    );
    this.#onTheWay.add(settled);
    return sending;
  }

  #result({ sensor, boot, from, to }: Args, asked: RangeSet, sent: RangeSet): Result {
    const { log } = this.#ports;
    const stream = log.account("reading", sensor, boot);
    const held = stream?.held.clip(from, to) ?? new RangeSet();
    const missing = asked.subtract(sent).subtract(held);
    return {
      sent: sent.clip(from, to).count,
      held: held.ranges(),
      gone: this.#gone(boot, stream?.lastSeq ?? 0, stream?.lost() ?? [], missing),
    };
  }

  #gone(boot: number, lastSeq: number, lost: LostRange[], missing: RangeSet): LostRange[] {
    const gone: LostRange[] = [];
    const name = (from: number, to: number, cause: string): void => {
      for (const [a, b] of missing.clip(from, to).ranges()) {
        gone.push([a, b, cause]);
        missing.remove(a, b);
      }
    };
    for (const [from, to, cause] of lost) name(from, to, cause);
    name(1, lastSeq, "expired");
    // Of an earlier boot: it was given and not yet written when the node was killed. Of this one: not given yet.
    const known = this.#ports.log.boots().some((state) => state.boot === boot);
    if (boot < this.#ports.boot()) name(1, Number.MAX_SAFE_INTEGER, known ? "killed" : "expired");
    return gone.sort((a, b) => a[0] - b[0]);
  }
}
