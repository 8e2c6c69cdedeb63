import { unavailable } from "./answers.js";

/** So many may work at a time; others are sent away rather than kept waiting. */
export class Seats {
  readonly #what: string;
  readonly #count: number;
  #taken = 0;

  /** @param what as it is named to who is sent away */
  constructor(what: string, count: number) {
    this.#what = what;
    this.#count = count;
  }

  /** @throws HttpProblem 503 when there is none left. */
  async sit<T>(work: () => Promise<T>): Promise<T> {
    if (this.#taken >= this.#count) {
      throw unavailable("busy", `${this.#count} ${this.#what} are under way, which is as many as may be`);
    }
    this.#taken++;
    try {
      return await work();
    } finally {
      this.#taken--;
    }
  }
}
