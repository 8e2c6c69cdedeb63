/** What a piece of work needs: keys that nobody else may have meanwhile, and keys that others may share. */
export interface Claims {
  alone?: readonly string[];
  shared?: readonly string[];
}

interface Line {
  /** Ends when the last one that has the key alone is done. */
  alone: Promise<void> | undefined;
  /** Those that share the key since then. */
  sharing: Set<Promise<void>>;
}

/**
 * Lets work on the same documents happen in the order in which it was asked for, and all other work at once, so
 * that the store can write many things in one flush.
 *
 * All claims of a piece of work are made in one go and each waits only for earlier ones: nothing waits in a
 * circle. So work that is running must not ask for more turns here.
 */
export class Turns {
  readonly #lines = new Map<string, Line>();

  /** Keys that somebody has or waits for. */
  get size(): number {
    return this.#lines.size;
  }

  async run<T>({ alone = [], shared = [] }: Claims, work: () => Promise<T>): Promise<T> {
    let finish: () => void = () => undefined;
    const done = new Promise<void>((resolve) => {
      finish = resolve;
    });
    const before: Promise<void>[] = [];
    const leave: (() => void)[] = [];
    const own = new Set(alone);
    for (const key of own) {
      const line = this.#line(key);
      if (line.alone !== undefined) before.push(line.alone);
      before.push(...line.sharing);
      line.alone = done;
      line.sharing = new Set();
      leave.push(() => {
        if (line.alone === done) line.alone = undefined;
        this.#forget(key, line);
      });
    }
    for (const key of new Set(shared)) {
      if (own.has(key)) continue;
      const line = this.#line(key);
      const { sharing } = line;
      if (line.alone !== undefined) before.push(line.alone);
      sharing.add(done);
      leave.push(() => {
        sharing.delete(done);
        this.#forget(key, line);
      });
    }
    try {
      await Promise.all(before);
      return await work();
    } finally {
      for (const each of leave) each();
      finish();
    }
  }

  #line(key: string): Line {
    let line = this.#lines.get(key);
    if (line === undefined) {
      line = { alone: undefined, sharing: new Set() };
      this.#lines.set(key, line);
    }
    return line;
  }

  #forget(key: string, line: Line): void {
    if (line.alone === undefined && line.sharing.size === 0) this.#lines.delete(key);
  }
}
