import { Worker } from "node:worker_threads";

interface Answer {
  id: number;
  matches: boolean;
}

interface Waiting {
  resolve(matches: boolean): void;
  reject(cause: Error): void;
}

/**
 * Verifies Argon2id hashes on a thread of its own: hash-wasm computes on the thread that calls it, some 50 ms
 * each with Mosquitto's parameters. The thread is started at the first such hash, and never where there is none.
 */
export class Argon2Thread {
  #worker: Worker | undefined;
  #nextId = 1;
  readonly #waiting = new Map<number, Waiting>();

  verify(password: Buffer, encoded: string): Promise<boolean> {
    this.#worker ??= this.#start();
    const worker = this.#worker;
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      worker.postMessage({ id, password: Uint8Array.from(password), encoded });
    });
  }

  #start(): Worker {
    const worker = new Worker(new URL(import.meta.resolve("@fieldmesh/broker/argon2-thread")));
    worker.unref();
    worker.on("message", ({ id, matches }: Answer) => {
      this.#waiting.get(id)?.resolve(matches);
      this.#waiting.delete(id);
    });
    worker.on("error", (cause) => {
      this.#fail(new Error("the password thread failed", { cause }));
    });
    worker.on("exit", () => {
      this.#worker = undefined;
      this.#fail(new Error("the password thread ended"));
    });
    return worker;
  }

  #fail(error: Error): void {
    for (const waiting of this.#waiting.values()) waiting.reject(error);
    this.#waiting.clear();
  }

  async close(): Promise<void> {
    await this.#worker?.terminate();
  }
}
