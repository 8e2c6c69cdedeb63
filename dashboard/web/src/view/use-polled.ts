import { type Signal, useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { ApiError } from "../api.js";
import { stateAfter } from "../history/client.js";
import { hello } from "../state.js";

/** What was read last, and what keeps it from being read anew. */
export interface Polled<T> {
  data: T | undefined;
  /** In words for people; undefined while all is well. */
  problem: string | undefined;
}

/** At least so many times as long as a read took is the pause before the next. */
const PAUSE_TO_READ = 10;
const LONGEST_PAUSE_MS = 60_000; // ms

/** A problem for people, of an answer of the historian. */
function problemText(error: unknown): string {
  const state = stateAfter(error);
  if (state === "none") return "No historian runs here, so nothing is remembered and nothing is measured.";
  if (state === "away") return "The historian cannot be reached. What it told last stays; it is asked again.";
  return error instanceof ApiError ? error.message : String(error);
}

/**
 * Reads again and again while the page is visible, one request at a time. What was read stays when a later read
 * fails. `key`: begins anew when it changes.
 */
export function usePolled<T>(
  key: string,
  load: (signal: AbortSignal) => Promise<T>,
  everyMs: number,
): Signal<Polled<T>> {
  const polled = useSignal<Polled<T>>({ data: undefined, problem: undefined });
  const asks = hello.value?.history !== false;
  // `load` is a new function at each rendering; `key` says when it means something else.
  useEffect(() => {
    polled.value = {
      data: undefined,
      problem: asks ? undefined : "No historian runs here, so nothing is remembered and nothing is measured.",
    };
    if (!asks) return;
    const controller = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const again = (pauseMs: number): void => {
      timer = setTimeout(() => (document.hidden ? again(pauseMs) : void run()), pauseMs);
    };
    const run = async (): Promise<void> => {
      const began = performance.now();
      let pauseMs = everyMs;
      try {
        polled.value = { data: await load(controller.signal), problem: undefined };
        // Thousands of reports are megabytes: what takes long is asked for more rarely.
        const tookMs = performance.now() - began;
        pauseMs = Math.max(everyMs, Math.min(LONGEST_PAUSE_MS, tookMs * PAUSE_TO_READ));
      } catch (error) {
        if (controller.signal.aborted) return;
        polled.value = { data: polled.peek().data, problem: problemText(error) };
      }
      if (!controller.signal.aborted) again(pauseMs);
    };
    void run();
    return () => {
      controller.abort();
      clearTimeout(timer);
    };
  }, [key, asks, everyMs, polled]);
  return polled;
}
