import { type Range, sameView } from "../model/time-view.js";
import type { TimeAxis } from "../time-axis.js";

/** Where a chart's time axis lies within its canvas, CSS pixels. */
export interface Place {
  left: number;
  width: number;
}

/** A notch of a mouse wheel is 100 pixels, and shows a fifth more or less. */
const ZOOM_PER_PIXEL = Math.log(1.22) / 100;
/** Some mice and touchpads send hundreds of pixels at once. */
const MOST_WHEEL_PX = 240;
const LINE_PX = 33;
const TOUCHPAD_PINCH = 5;
/** A pointer that moves less than this was only pressed. */
const DRAG_FROM_PX = 4;
/** A wheel that was scrolling the page goes on doing so when the chart comes under it. */
const SCROLL_GOES_ON_MS = 250; // ms
const KEY_PAN = 0.1;
const KEY_ZOOM = 1.5;

let scrolledAt = Number.NEGATIVE_INFINITY;
let scrollWatched = false;

interface Gestures {
  element: HTMLElement;
  axis: TimeAxis;
  place: () => Place;
  /** A key that asks for the reading before or behind. */
  onStep: (by: number) => void;
}

/**
 * Wheel, drag, two fingers and keys on a chart move its time axis. One finger up and down is the browser's, which
 * scrolls the page. Returns what takes the handlers off again.
 */
export function listenForGestures({ element, axis, place, onStep }: Gestures): () => void {
  watchScrolling();
  /** Pointers that are down, by id: where they are and what they were set on. */
  const down = new Map<number, { x: number; at: number }>();
  let grabbed: Range | undefined;
  let startX = 0;
  let moved = false;

  const xOf = (event: MouseEvent): number => event.clientX - element.getBoundingClientRect().left;
  const timeAt = (x: number, { from, to }: Range): number => {
    const { left, width } = place();
    return from + ((x - left) / Math.max(1, width)) * (to - from);
  };
  const grab = (): void => {
    grabbed = axis.range();
    for (const pointer of down.values()) pointer.at = timeAt(pointer.x, grabbed);
  };

  const onPointerDown = (event: PointerEvent): void => {
    if (event.button !== 0 || down.size >= 2) return;
    const x = xOf(event);
    down.set(event.pointerId, { x, at: 0 });
    if (down.size === 1) {
      startX = x;
      moved = false;
    }
    grab();
  };
  const onPointerMove = (event: PointerEvent): void => {
    const x = xOf(event);
    const pointer = down.get(event.pointerId);
    if (pointer === undefined) {
      if (event.pointerType !== "touch") axis.cursor.value = timeAt(x, axis.range());
      return;
    }
    pointer.x = x;
    if (!moved && down.size === 1 && Math.abs(x - startX) < DRAG_FROM_PX) return;
    if (!moved) {
      moved = true;
      element.setPointerCapture(event.pointerId);
      element.classList.add("dragging");
      axis.cursor.value = undefined;
    }
    if (down.size === 2) axis.place(pinched(down, place()));
    else if (grabbed !== undefined) {
      const byMs = pointer.at - timeAt(x, grabbed);
      axis.place({ from: grabbed.from + byMs, to: grabbed.to + byMs });
    }
  };
  const onPointerEnd = (event: PointerEvent): void => {
    if (!down.delete(event.pointerId)) return;
    if (event.type === "pointerup" && !moved && event.pointerType === "touch") {
      axis.cursor.value = timeAt(xOf(event), axis.range());
    }
    // One finger of two has been lifted: the other goes on from here.
    if (down.size > 0) grab();
    else {
      grabbed = undefined;
      element.classList.remove("dragging");
    }
  };
  const onLeave = (event: PointerEvent): void => {
    if (event.pointerType !== "touch") axis.cursor.value = undefined;
  };
  const onWheel = (event: WheelEvent): void => {
    if (event.timeStamp - scrolledAt < SCROLL_GOES_ON_MS) return;
    const unit = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? LINE_PX : 1;
    const sideways = event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY);
    // Two fingers that close on a touchpad come as a wheel with Ctrl, in small steps.
    const pinch = event.ctrlKey ? TOUCHPAD_PINCH : 1;
    const deltaPx = (sideways && event.deltaX !== 0 ? event.deltaX : event.deltaY) * unit * pinch;
    if (deltaPx === 0) return;
    const range = axis.range();
    const spanMs = range.to - range.from;
    const before = axis.view.peek();
    if (sideways) axis.pan((deltaPx / Math.max(1, place().width)) * spanMs);
    else {
      const clamped = Math.max(-MOST_WHEEL_PX, Math.min(MOST_WHEEL_PX, deltaPx));
      axis.zoom(Math.exp(clamped * ZOOM_PER_PIXEL), timeAt(xOf(event), range));
    }
    // At the end of what can be shown the wheel scrolls the page again.
    if (!sameView(axis.view.peek(), before)) event.preventDefault();
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const run = keyAction(event, axis, onStep);
    if (run === undefined) return;
    event.preventDefault();
    run();
  };

  const listeners = new AbortController();
  const { signal } = listeners;
  element.addEventListener("pointerdown", onPointerDown, { signal });
  element.addEventListener("pointermove", onPointerMove, { signal });
  element.addEventListener("pointerup", onPointerEnd, { signal });
  element.addEventListener("pointercancel", onPointerEnd, { signal });
  element.addEventListener("pointerleave", onLeave, { signal });
  element.addEventListener("wheel", onWheel, { signal, passive: false });
  element.addEventListener("keydown", onKeyDown, { signal });
  return () => listeners.abort();
}

/** The range in which both fingers lie on the moments that they were set on. */
function pinched(down: ReadonlyMap<number, { x: number; at: number }>, { left, width }: Place): Range {
  const [a, b] = [...down.values()].sort((one, other) => one.at - other.at);
  if (a === undefined || b === undefined) throw new RangeError("two pointers are down");
  const apartPx = Math.max(8, b.x - a.x);
  const msPerPx = Math.max(1e-3, (b.at - a.at) / apartPx);
  const from = a.at - (a.x - left) * msPerPx;
  return { from, to: from + width * msPerPx };
}

function keyAction(
  { key, shiftKey }: KeyboardEvent,
  axis: TimeAxis,
  onStep: (by: number) => void,
): (() => void) | undefined {
  const { from, to } = axis.range();
  const by = (share: number) => () => axis.pan(share * (to - from));
  switch (key) {
    case "ArrowLeft":
      return shiftKey ? () => onStep(-1) : by(-KEY_PAN);
    case "ArrowRight":
      return shiftKey ? () => onStep(1) : by(KEY_PAN);
    case "PageUp":
      return by(-1);
    case "PageDown":
      return by(1);
    case "+":
    case "=":
      return () => axis.zoom(1 / KEY_ZOOM, axis.cursor.peek());
    case "-":
    case "_":
      return () => axis.zoom(KEY_ZOOM, axis.cursor.peek());
    case "Home":
    case "End":
      return () => axis.live();
    case "Escape":
      if (axis.cursor.peek() !== undefined) return () => (axis.cursor.value = undefined);
      return axis.view.peek().kind === "live" ? undefined : () => axis.live();
    default:
      return undefined;
  }
}

function watchScrolling(): void {
  if (scrollWatched) return;
  scrollWatched = true;
  addEventListener(
    "scroll",
    (event) => {
      scrolledAt = event.timeStamp;
    },
    { passive: true },
  );
}
