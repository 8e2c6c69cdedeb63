import { type Commands, type LostRange, RangeSet } from "@fieldmesh/protocol";
import type { LoggedReading } from "../log/entry.js";
import type { NodeLog } from "../log/log.js";
import type { Rate } from "../publish/rate.js";
import { CommandError } from "./command-error.js";

type Args = Commands["resend"]["args"];
type Result = Commands["resend"]["result"];

/** Requests are gathered for so long, and each reading asked for in it is sent once. */
const GATHER_MS = 1_000;
/** Readings sent for one request; who wants more sees the rest still missing and asks again. */
const MAX_READINGS = 5_000;
/** On their way at once: the rate is the bound, not the time that an acknowledgement takes. */
const MAX_INFLIGHT = 100;
/** Requests that wait; a consumer that asks for more does not wait for answers. */
const MAX_WAITING = 256;

export interface ResendPorts {
  log: NodeLog;
  rate: Rate;
  gatherMs?: number;
  boot: () => number;
  send: (reading: LoggedReading) => Promise<void>;
}

interface Request {
  args: Args;
  resolve: (result: Result) => void;
  reject: (error: Error) => void;
}

/** Sends readings again that consumers miss. Overlapping requests of one second are one. */
export class Resend {
  readonly #ports: ResendPorts;
  readonly #gathering = new Map<string, Request[]>();
  #waiting = 0;
  #work: Promise<void> = Promise.resolve();

  constructor(ports: ResendPorts) {
    this.#ports = ports;
  }

  async request(args: Args): Promise<Result> {
    if (this.#waiting >= MAX_WAITING) {
      throw new CommandError("busy", `${MAX_WAITING} requests wait already: wait for their replies`);
    }
    this.#waiting += 1;
    try {
      return await new Promise<Result>((resolve, reject) => this.#gather({ args, resolve, reject }));
    } finally {
      this.#waiting -= 1;
    }
  }

  #gather(request: Request): void {
    const key = `${request.args.boot}/${request.args.sensor}`;
    const others = this.#gathering.get(key);
    if (others !== undefined) {
      others.push(request);
      return;
    }
    const requests = [request];
    this.#gathering.set(key, requests);
    setTimeout(() => {
      this.#gathering.delete(key);
      this.#work = this.#work.then(() => this.#answer(requests));
    }, this.#ports.gatherMs ?? GATHER_MS).unref();
  }

  /** Never rejects: each request has its answer or its error. */
  async #answer(requests: Request[]): Promise<void> {
    const [first] = requests;
    if (first === undefined) return;
    const { sensor, boot } = first.args;
    try {
      const wanted = new RangeSet();
      for (const { args } of requests) wanted.add(args.from, Math.min(args.to, args.from + MAX_READINGS - 1));
      const sent = await this.#send(sensor, boot, wanted);
      for (const { args, resolve } of requests) resolve(this.#result(args, wanted, sent));
    } catch (cause) {
      const message = cause instanceof Error ? cause.message : String(cause);
      for (const { reject } of requests) reject(new CommandError("failed", `resend: ${message}`));
    }
  }

  async #send(sensor: string, boot: number, wanted: RangeSet): Promise<RangeSet> {
    const { log, rate, send } = this.#ports;
    const sent = new RangeSet();
    const held = log.account("reading", sensor, boot)?.held;
    const inflight: Promise<void>[] = []; // oldest first; acknowledged in the order of sending
    for (const [from, to] of wanted.ranges()) {
      for await (const reading of log.read(sensor, boot, from, to)) {
        if (held?.has(reading.seq) === true) continue; // it comes by itself
        await rate.take();
        if (inflight.length >= MAX_INFLIGHT) await inflight.shift();
        const sending = send(reading);
        sending.catch(() => undefined); // its failure is taken when its turn comes, here or below
        inflight.push(sending);
        sent.add(reading.seq);
      }
    }
    await Promise.all(inflight);
    return sent;
  }

  #result({ sensor, boot, from, to }: Args, wanted: RangeSet, sent: RangeSet): Result {
    const { log } = this.#ports;
    const stream = log.account("reading", sensor, boot);
    const asked = wanted.clip(from, to);
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
