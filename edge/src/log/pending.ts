import { RangeSet } from "@fieldmesh/protocol";
import type { Commit, ItemKind, ItemName } from "./entry.js";

type Dropped = NonNullable<Commit["dropped"]>[number];

/** Changes of the state that the disk does not know of yet; they go into the next commit record. */
export class Pending {
  boot: Commit["boot"];
  readonly #acked = new Map<string, { kind: ItemKind; key: string; boot: number; seqs: RangeSet }>();
  readonly #dropped: Dropped[] = [];
  readonly #suppressed = new Map<string, { sensor: string; boot: number; count: number }>();
  readonly #retired = new Set<string>();

  get empty(): boolean {
    return (
      this.boot === undefined &&
      this.#acked.size + this.#dropped.length + this.#suppressed.size + this.#retired.size === 0
    );
  }

  acked({ kind, key, boot }: Omit<ItemName, "seq">, from: number, to: number): void {
    const id = `${kind}/${boot}/${key}`;
    let entry = this.#acked.get(id);
    if (entry === undefined) {
      entry = { kind, key, boot, seqs: new RangeSet() };
      this.#acked.set(id, entry);
    }
    entry.seqs.add(from, to);
  }

  dropped(dropped: Dropped): void {
    this.#dropped.push(dropped);
  }

  suppressed(sensor: string, boot: number, count: number): void {
    this.#suppressed.set(`${boot}/${sensor}`, { sensor, boot, count });
  }

  retired(key: string): void {
    this.#retired.add(key);
  }

  commit(logTime: number, wall: number): Commit {
    const commit: Commit = { clock: [Math.round(logTime), wall] };
    if (this.boot !== undefined) commit.boot = this.boot;
    if (this.#acked.size > 0) {
      commit.acked = [...this.#acked.values()].map((a) => [a.kind, a.key, a.boot, a.seqs.ranges()]);
    }
    if (this.#dropped.length > 0) commit.dropped = this.#dropped;
    if (this.#suppressed.size > 0) {
      commit.suppressed = [...this.#suppressed.values()].map((s) => [s.sensor, s.boot, s.count]);
    }
    if (this.#retired.size > 0) commit.retired = [...this.#retired];
    return commit;
  }

  /** Takes in what a failed write did not get to the disk; `this` is the newer of the two. */
  putBack(older: Pending): void {
    this.boot ??= older.boot;
    for (const a of older.#acked.values()) {
      for (const [from, to] of a.seqs.ranges()) this.acked(a, from, to);
    }
    this.#dropped.unshift(...older.#dropped);
    for (const [id, s] of older.#suppressed) if (!this.#suppressed.has(id)) this.#suppressed.set(id, s);
    for (const key of older.#retired) this.#retired.add(key);
  }
}
