import { DriverError } from "./driver.js";

/**
 * Waits for something that cannot itself be broken off, no longer than the signal allows: rejects with the
 * signal's reason. What the abandoned promise comes to is nobody's any more.
 */
export async function abortable<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  let onAbort: (() => void) | undefined;
  const aborted = new Promise<never>((_resolve, reject) => {
    onAbort = () => reject(signal.reason instanceof Error ? signal.reason : new Error(String(signal.reason)));
    if (signal.aborted) onAbort();
    else signal.addEventListener("abort", onAbort, { once: true });
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    if (onAbort !== undefined) signal.removeEventListener("abort", onAbort);
  }
}

/**
 * Reads one at a time, each no longer than its signal allows. While an abandoned one still hangs no other is
 * begun: every one would take a thread of the pool that the whole process shares, or a process, for good.
 */
export function oneAtATime<T>(
  read: (signal: AbortSignal) => Promise<T>,
): (signal: AbortSignal) => Promise<T> {
  let isGoingOn = false;
  return async (signal) => {
    signal.throwIfAborted();
    if (isGoingOn) throw new DriverError("the read before has not ended yet");
    isGoingOn = true;
    const work = read(signal).finally(() => {
      isGoingOn = false;
    });
    return await abortable(work, signal);
  };
}
