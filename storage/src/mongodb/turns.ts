/**
 * Work on one document after another, on different ones at once. MongoDB itself lets one of several conditional
 * writes win; a server that does not (FerretDB 1) is right with this as long as the store has one writer.
 */
export class Turns {
  readonly #last = new Map<string, Promise<unknown>>();

  take<T>(id: string, work: () => Promise<T>): Promise<T> {
    const before = this.#last.get(id);
    const turn = before === undefined ? work() : before.then(work, work);
    this.#last.set(id, turn);
    return turn.finally(() => {
      if (this.#last.get(id) === turn) this.#last.delete(id);
    });
  }
}
