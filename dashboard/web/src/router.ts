import { computed, signal } from "@preact/signals";
import { type MeshPlace, parseMeshPlace } from "./mesh/place.js";
import { filter, readFilter } from "./preferences.js";

export type Route =
  | { page: "overview" }
  | { page: "stream"; stream: string }
  | { page: "node"; domain: string; node: string }
  | { page: "alarms" }
  | { page: "events" }
  | { page: "quality" }
  | { page: "compare" }
  | { page: "system" }
  | { page: "mesh"; place: MeshPlace }
  | { page: "unknown"; path: string };

const path = signal(location.pathname);
/** What stands behind the path: pages keep there what a link should open. */
export const search = signal(location.search);

export const route = computed<Route>(() => parseRoute(path.value));

/** Pages whose address is their name. */
const PLAIN = ["alarms", "events", "quality", "compare", "system"] as const;

export function parseRoute(pathname: string): Route {
  const parts = pathname.split("/").filter(Boolean).map(decode);
  const [first, second, third] = parts;
  if (first === undefined) return { page: "overview" };
  if (first === "stream" && second !== undefined && parts.length === 2)
    return { page: "stream", stream: second };
  if (first === "node" && second !== undefined && third !== undefined && parts.length === 3) {
    return { page: "node", domain: second, node: third };
  }
  if (first === "mesh") {
    const place = parseMeshPlace(parts.slice(1));
    if (place !== undefined) return { page: "mesh", place };
  }
  const page = PLAIN.find((name) => name === first);
  if (parts.length === 1 && page !== undefined) return { page };
  return { page: "unknown", path: pathname };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

export function streamHref(stream: string): string {
  return `/stream/${encodeURIComponent(stream)}`;
}

/** Where a stream's promises are. */
export function promisesHref(stream: string): string {
  return `${streamHref(stream)}#promises`;
}

export function nodeHref(node: { domain: string; node: string }): string {
  return `/node/${encodeURIComponent(node.domain)}/${encodeURIComponent(node.node)}`;
}

/** Goes to an address of this app; the focus follows to the page's heading. */
export function navigate(href: string): void {
  history.pushState(null, "", href);
  arrive();
  scrollTo(0, 0);
}

/** The same page with something else behind the path; `push` makes it a step that "back" returns from. */
export function setSearch(text: string, step: "push" | "replace"): void {
  if (text === location.search) return;
  const href = `${location.pathname}${text}${step === "push" ? "" : location.hash}`;
  if (step === "push") history.pushState(null, "", href);
  else history.replaceState(history.state, "", href);
  search.value = location.search;
}

function arrive(): void {
  const samePage = path.peek() === location.pathname;
  path.value = location.pathname;
  search.value = location.search;
  if (location.pathname === "/") filter.value = readFilter();
  if (samePage) return;
  requestAnimationFrame(() => document.querySelector<HTMLElement>("main h1")?.focus({ preventScroll: true }));
}

/** Links within the app change the page without loading it again. */
export function startRouter(): void {
  addEventListener("popstate", arrive);
  document.addEventListener("click", (event) => {
    if (event.defaultPrevented || event.button !== 0) return;
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const anchor = event.target instanceof Element ? event.target.closest("a") : null;
    if (anchor === null || anchor.target !== "" || anchor.hasAttribute("download")) return;
    const url = new URL(anchor.href, location.href);
    if (url.origin !== location.origin || url.pathname.startsWith("/api/")) return;
    if (url.hash !== "" && url.pathname === location.pathname) {
      if (url.search === location.search) return;
      // A part of this page: what it shows stays.
      event.preventDefault();
      location.hash = url.hash;
      return;
    }
    event.preventDefault();
    navigate(url.pathname + url.search + url.hash);
  });
}
