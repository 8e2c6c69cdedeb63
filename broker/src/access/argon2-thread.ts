// The thread behind argon2.ts: one question in, one answer out, in order.
import { parentPort } from "node:worker_threads";
import { argon2Verify } from "hash-wasm";

interface Question {
  id: number;
  password: Uint8Array;
  encoded: string;
}

parentPort?.on("message", ({ id, password, encoded }: Question) => {
  argon2Verify({ password, hash: encoded })
    .catch(() => false) // parameters that the library refuses: nobody gets in by them
    .then((matches) => parentPort?.postMessage({ id, matches }))
    .catch((error: unknown) => {
      throw error; // ends the thread; its owner fails what waits and starts another
    });
});
