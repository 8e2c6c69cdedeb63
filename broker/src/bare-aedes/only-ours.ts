import { type Subject, type SubjectOptions, startBareAedes, startOurs } from "./subjects.js";

const TIMEOUT_MS = 90_000;

export interface OnlyOurs extends SubjectOptions {
  /** What the test says when bare Aedes fails it: else it might fail for another reason than the one it is about. */
  bareAedes: RegExp;
}

/** What of a test runner is needed: vitest's `test`. */
type Register = (name: string, body: () => Promise<void>, timeoutMs: number) => void;

/**
 * Registers tests twice: ours has to pass each, and bare Aedes has to fail it, in the way that is said. So each is
 * proved able to fail, and an Aedes that has mended the matter shows here.
 */
export function onlyOursBy(test: Register) {
  return (
    name: string,
    { bareAedes, ...options }: OnlyOurs,
    body: (broker: Subject) => Promise<void>,
  ): void => {
    const run = async (broker: Subject): Promise<void> => {
      try {
        await Promise.race([body(broker), broker.died]);
      } finally {
        await broker.close();
      }
    };
    test(name, async () => run(await startOurs(options)), TIMEOUT_MS);
    test(
      `bare Aedes does not hold: ${name}`,
      async () => {
        const failure = await run(await startBareAedes(options)).then(
          () => "nothing",
          (error: unknown) => (error instanceof Error ? error.message : String(error)),
        );
        if (!bareAedes.test(failure)) throw new Error(`${bareAedes} was to be said of it, not: ${failure}`);
      },
      TIMEOUT_MS,
    );
  };
}
