import { effect } from "@preact/signals";
import { useEffect, useMemo } from "preact/hooks";
import type { TimeView } from "../model/time-view.js";
import { readView, writeView } from "../model/view-address.js";
import { pausedAt } from "../preferences.js";
import { search, setSearch } from "../router.js";
import { serverNow } from "../server-clock.js";
import { TimeAxis } from "../time-axis.js";

/** While someone pans or zooms, the address waits until it is over. */
const SETTLED_MS = 250; // ms

/**
 * The time axis of a page, kept in its address: a link opens the same view, and "back" returns to the one before.
 * `usual` is shown where the address names none.
 */
export function useTimeAxis(usual: () => TimeView): TimeAxis {
  const axis = useMemo(
    () =>
      new TimeAxis({
        initial: readView(new URLSearchParams(location.search)) ?? usual(),
        now: () => pausedAt.peek() ?? serverNow(),
        resume: () => (pausedAt.value = undefined),
      }),
    [],
  );
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const write = (step: "push" | "replace"): void => {
      clearTimeout(timer);
      timer = undefined;
      setSearch(searchOf(axis.view.peek()), step);
    };
    axis.onMoved = (step) => {
      clearTimeout(timer);
      timer = undefined;
      if (step === "push") write("push");
      else timer = setTimeout(() => write("replace"), SETTLED_MS);
    };
    const unsubscribe = effect(() => {
      const text = search.value;
      const otherwise = usual();
      // What was written by this page comes back here; only another view is taken over.
      if (timer !== undefined || text === searchOf(axis.view.peek())) return;
      axis.restore(readView(new URLSearchParams(text)) ?? otherwise);
    });
    return () => {
      clearTimeout(timer);
      unsubscribe();
      axis.onMoved = () => {};
    };
  }, [axis]);
  return axis;
}

/** The address's own with this view in the place of the one it names. */
export function searchOf(view: TimeView): string {
  const query = new URLSearchParams(location.search);
  for (const name of ["span", "from", "to"]) query.delete(name);
  writeView(query, view);
  return `?${query}`;
}
