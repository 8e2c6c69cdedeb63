/** Calls back at the first Ctrl-C or SIGTERM, once; a second one ends the process as usual. Returns how to stop listening. */
export function interrupted(callback: () => void): () => void {
  const stop = (): void => {
    process.off("SIGINT", onSignal);
    process.off("SIGTERM", onSignal);
  };
  const onSignal = (): void => {
    stop();
    callback();
  };
  process.on("SIGINT", onSignal);
  process.on("SIGTERM", onSignal);
  return stop;
}
