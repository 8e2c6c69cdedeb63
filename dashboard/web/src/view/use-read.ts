import { useSignal } from "@preact/signals";
import { useCallback, useEffect, useRef } from "preact/hooks";
import { NO_REGISTRY, type ReadProblem, readProblem } from "../mesh/problem.js";
import { hello } from "../state.js";

/** What was read of the registry last, and what keeps it from being read anew. */
export interface Reading<T> {
  data: T | undefined;
  problem: ReadProblem | undefined;
  /** Reads again now, as after a change; resolves when it was read. */
  reload: () => Promise<void>;
}

/** What others change meanwhile is seen after so long. */
const EVERY_MS = 10_000; // ms

/**
 * Reads from the registry, and again while the page is visible, one request at a time. What was read stays when a
 * later read fails, and until another `key` was read.
 */
export function useRead<T>(
  key: string,
  load: (signal: AbortSignal) => Promise<T>,
  everyMs: number = EVERY_MS,
): Reading<T> {
  const told = useSignal<{ data: T | undefined; problem: ReadProblem | undefined }>({
    data: undefined,
    problem: undefined,
  });
  const there = hello.value?.mesh !== false;
  const now = useRef<() => Promise<void>>(() => Promise.resolve());
  // `load` is a new function at each rendering; `key` says when it means something else.
  useEffect(() => {
    if (!there) {
      told.value = { data: undefined, problem: NO_REGISTRY };
      return;
    }
    let controller = new AbortController();
    let ended = false;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const again = (): void => {
      timer = setTimeout(() => (document.hidden ? again() : void run()), everyMs);
    };
    const run = async (): Promise<void> => {
      clearTimeout(timer);
      controller.abort();
      controller = new AbortController();
      const { signal } = controller;
      try {
        const data = await load(signal);
        if (signal.aborted) return;
        told.value = { data, problem: undefined };
      } catch (error) {
        if (signal.aborted) return;
        told.value = { data: told.peek().data, problem: readProblem(error) };
      }
      if (!ended) again();
    };
    now.current = run;
    void run();
    return () => {
      ended = true;
      controller.abort();
      clearTimeout(timer);
    };
  }, [key, there, everyMs, told]);
  const reload = useCallback(() => now.current(), []);
  return { ...told.value, reload };
}
