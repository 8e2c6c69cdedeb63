import { type ReadonlySignal, type Signal, signal } from "@preact/signals";
import {
  fixedView,
  liveView,
  panned,
  type Range,
  rangeOf,
  spanOf,
  type TimeView,
  zoomed,
} from "./model/time-view.js";

/** How a change of the view gets into the address: at once as a step to come back from, or when it has settled. */
export type Step = "push" | "replace";

interface Options {
  initial: TimeView;
  /** Now by the server's clock, or when the charts were paused, ms. */
  now: () => number;
  /** Charts that were paused go on. */
  resume: () => void;
}

/** The time axis that the charts of a page share: what it shows, and the moment under the crosshair. */
export class TimeAxis {
  readonly #view: Signal<TimeView>;
  readonly #now: () => number;
  readonly #resume: () => void;
  /** Moment under the crosshair, ms. */
  readonly cursor: Signal<number | undefined> = signal<number | undefined>(undefined);
  /** Called when someone has changed the view, not when the address did. */
  onMoved: (step: Step) => void = () => {};

  constructor({ initial, now, resume }: Options) {
    this.#view = signal(initial);
    this.#now = now;
    this.#resume = resume;
  }

  get view(): ReadonlySignal<TimeView> {
    return this.#view;
  }

  now(): number {
    return this.#now();
  }

  /** What is on the screen at this moment. */
  range(): Range {
    return rangeOf(this.#view.peek(), this.#now());
  }

  /** As the address says; nothing is written back. */
  restore(view: TimeView): void {
    this.#view.value = view;
  }

  show(range: Range): void {
    this.#move(fixedView(range), "push");
  }

  /** The last `spanMs`, or as much as is shown, up to now and moving on. */
  live(spanMs = spanOf(this.#view.peek())): void {
    this.#resume();
    this.#move(liveView(spanMs), "push");
  }

  /** To the past when negative, ms. */
  pan(byMs: number): void {
    this.#move(panned(this.#view.peek(), this.#now(), byMs), "replace");
  }

  /** `factor` times as much time, around a moment: unless it is given now while live, else the middle. */
  zoom(factor: number, at?: number): void {
    const view = this.#view.peek();
    const { from, to } = this.range();
    const around = at ?? (view.kind === "live" ? to : (from + to) / 2);
    this.#move(zoomed(view, this.#now(), factor, around), "replace");
  }

  /** While fingers or a pointer move it: exactly that range, or live where it reaches now. */
  place(range: Range): void {
    const { from, to } = range;
    this.#move(panned(fixedView({ from: Math.max(0, from), to }), this.#now(), 0), "replace");
  }

  #move(view: TimeView, step: Step): void {
    this.#view.value = view;
    this.onMoved(step);
  }
}
