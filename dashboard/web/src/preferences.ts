import { computed, effect, signal } from "@preact/signals";
import { type Filter, NO_FILTER, type StateFilter } from "./model/filter.js";
import type { Fit } from "./model/scale.js";
import { serverNow } from "./server-clock.js";
import { hello } from "./state.js";

export type Theme = "system" | "light" | "dark";

const dark = matchMedia("(prefers-color-scheme: dark)");
const systemDark = signal(dark.matches);
export const theme = signal<Theme>(readTheme());
/** What is on the screen now: charts take their colours by it. */
export const isDark = computed(() => (theme.value === "system" ? systemDark.value : theme.value === "dark"));

/** Window lengths to choose from, as far as the server keeps them, ms. */
const LENGTHS_MS = [30_000, 60_000, 120_000, 300_000, 900_000, 1_800_000, 3_600_000];
const chosenLengthMs = signal(Number(read("fieldmesh.window")) || 0);

export const lengthsMs = computed(() => {
  const most = hello.value?.windowMs ?? 300_000;
  const fitting = LENGTHS_MS.filter((length) => length < most);
  return [...fitting, most];
});
/** Length of the time axes, ms. */
export const windowMs = computed(() => {
  const lengths = lengthsMs.value;
  return lengths.includes(chosenLengthMs.value) ? chosenLengthMs.value : (lengths.at(-1) ?? 300_000);
});
export function chooseLength(ms: number): void {
  chosenLengthMs.value = ms;
  write("fieldmesh.window", String(ms));
}

/** Server time at which the charts were stopped, ms. */
export const pausedAt = signal<number | undefined>(undefined);
export function togglePause(): void {
  pausedAt.value = pausedAt.value === undefined ? serverNow() : undefined;
}

/** What the axis of a large chart is cut for. */
export const fit = signal<Fit>("limits");

/** Of the overview; kept in its address, so that a view can be bookmarked and shared. */
export const filter = signal<Filter>(readFilter());

export function startPreferences(): void {
  dark.addEventListener("change", () => {
    systemDark.value = dark.matches;
  });
  effect(() => {
    const now = theme.value;
    if (now === "system") delete document.documentElement.dataset["theme"];
    else document.documentElement.dataset["theme"] = now;
    write("fieldmesh.theme", now);
  });
  effect(() => {
    const now = filter.value;
    if (location.pathname !== "/") return;
    const query = new URLSearchParams();
    if (now.text !== "") query.set("q", now.text);
    if (now.domain !== "") query.set("domain", now.domain);
    if (now.state !== "all") query.set("state", now.state);
    const search = query.size === 0 ? "" : `?${query}`;
    if (search !== location.search) history.replaceState(history.state, "", `/${search}`);
  });
}

/** The address of the overview with the filter as it was left. */
export function readFilter(): Filter {
  if (location.pathname !== "/") return NO_FILTER;
  const query = new URLSearchParams(location.search);
  const state = query.get("state");
  return {
    text: query.get("q") ?? "",
    domain: query.get("domain") ?? "",
    state: isStateFilter(state) ? state : "all",
  };
}

function isStateFilter(text: string | null): text is StateFilter {
  return text === "all" || text === "alarming" || text === "stale";
}

function readTheme(): Theme {
  const text = read("fieldmesh.theme");
  return text === "light" || text === "dark" ? text : "system";
}

/** Storage may be switched off: then choices last as long as the page. */
function read(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

function write(key: string, value: string): void {
  try {
    localStorage.setItem(key, value);
  } catch {
    // As above.
  }
}
