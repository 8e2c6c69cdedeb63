import { RangeSet } from "@fieldmesh/protocol";
import type { Clock } from "../clock.js";
import type { Item, ItemName } from "./entry.js";
import type { Dropped, LogLimits, LogObserver } from "./options.js";
import { Pending } from "./pending.js";
import { type Recovered, TORN } from "./recovery.js";
import { loadSegment, type Segment } from "./segment.js";
import type { LogState } from "./state.js";
import { Tail } from "./tail.js";

/** What the log has in memory: its accounts, the index of its segments, and what is not on disk yet. */
export class LogMemory {
  readonly state: LogState;
  /** In order; the last is the one being written, once there is one. */
  readonly segments: Segment[];
  readonly tail = new Tail();
  readonly clock: Clock;
  pending = new Pending();
  readonly #observer: LogObserver;
  readonly #maxTailBytes: number;
  readonly #logTimeBase: number;

  constructor(recovered: Recovered, clock: Clock, limits: LogLimits, observer: LogObserver) {
    this.state = recovered.state;
    this.segments = recovered.segments;
    this.clock = clock;
    this.#observer = observer;
    this.#maxTailBytes = limits.memoryBytes;
    // While the node was down the log aged by the wall clock, which may have been set since: never below zero.
    const downMs = recovered.wall === 0 ? 0 : Math.max(0, clock.now() - recovered.wall);
    this.#logTimeBase = recovered.logTime + downMs - clock.monotonic();
  }

  /** The log's own time, ms: it goes by the monotonic clock, on from where the boot before left it. */
  logTime(): number {
    return this.#logTimeBase + this.clock.monotonic();
  }

  isHeld(name: ItemName): boolean {
    return this.state.find(name.kind, name.key, name.boot)?.held.has(name.seq) === true;
  }

  take(item: Item, record: Buffer): void {
    this.state.given(item, this.logTime());
    this.tail.push({ item, record });
    if (this.tail.bytes > this.#maxTailBytes) this.#shrinkTail();
  }

  dropped(range: Dropped): void {
    const { kind, key, boot, from, to, cause } = range;
    this.state.find(kind, key, boot)?.drop(from, to, cause);
    this.pending.dropped([kind, key, boot, from, to, cause]);
    this.#observer.onDropped(range);
  }

  /** A file that can no longer be read to its end: what stood behind the damage is given up by name. */
  async reindex(segment: Segment): Promise<void> {
    const { spans, path, number } = segment;
    const former = [...spans.values()];
    const loaded = await loadSegment(path, number, () => {}).catch(() => null);
    spans.clear();
    for (const [id, span] of loaded?.segment.spans ?? []) spans.set(id, span);
    segment.generation += 1;
    for (const { kind, key, boot, from, to } of former) {
      const lost = this.state.find(kind, key, boot)?.held.clip(from, to) ?? new RangeSet();
      const left = segment.span(kind, key, boot);
      if (left !== undefined) lost.remove(left.from, left.to);
      for (const [a, b] of lost.ranges()) this.dropped({ kind, key, boot, from: a, to: b, cause: TORN });
    }
  }

  /** The disk refuses, or is too slow: memory is bounded too. */
  #shrinkTail(): void {
    const room = Math.floor(this.#maxTailBytes * 0.9); // not for each reading anew
    const lost = new Map<string, ItemName & { seqs: RangeSet }>();
    for (const item of this.tail.shrink(room, (name) => this.isHeld(name))) {
      const id = `${item.kind}/${item.boot}/${item.key}`;
      const entry = lost.get(id) ?? { ...item, seqs: new RangeSet() };
      entry.seqs.add(item.seq);
      lost.set(id, entry);
    }
    for (const { kind, key, boot, seqs } of lost.values()) {
      for (const [from, to] of seqs.ranges()) this.dropped({ kind, key, boot, from, to, cause: "disk" });
    }
  }
}
