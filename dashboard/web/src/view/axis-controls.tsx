import { PRESETS, spanOf } from "../model/time-view.js";
import { durationText, rangeText } from "../model/times.js";
import { pausedAt, togglePause } from "../preferences.js";
import { seconds } from "../server-clock.js";
import type { TimeAxis } from "../time-axis.js";
import { Chevron, Minus, Pause, Play, Plus, Sooner } from "./icons.js";
import { RangeEntry } from "./range-entry.js";

/** Shares of what is shown. */
const PAN = 0.5;
const ZOOM = 2;

/** What the axis shows, in words and to choose: lengths, from and to, back to live, and buttons for every gesture. */
export function AxisControls({ axis }: { axis: TimeAxis }) {
  const view = axis.view.value;
  const spanMs = spanOf(view);
  const live = view.kind === "live";
  const pan = (share: number) => () => axis.pan(share * spanMs);
  return (
    <fieldset class="axis-controls">
      <legend class="visually-hidden">Time shown</legend>
      <div class="presets segments">
        {PRESETS.map((preset) => (
          <button
            key={preset.spanMs}
            type="button"
            class="preset"
            aria-pressed={live && spanMs === preset.spanMs}
            title={`The last ${preset.title}`}
            onClick={() => axis.live(preset.spanMs)}
          >
            {preset.label}
          </button>
        ))}
      </div>
      <div class="axis-steps">
        <button
          type="button"
          class="button button-icon"
          aria-label="Earlier"
          title="Earlier (←)"
          onClick={pan(-PAN)}
        >
          <Sooner />
        </button>
        <button
          type="button"
          class="button button-icon"
          aria-label="Later"
          title="Later (→)"
          disabled={live}
          onClick={pan(PAN)}
        >
          <Chevron />
        </button>
        <button
          type="button"
          class="button button-icon"
          aria-label="Less time"
          title="Less time (+)"
          onClick={() => axis.zoom(1 / ZOOM)}
        >
          <Plus />
        </button>
        <button
          type="button"
          class="button button-icon"
          aria-label="More time"
          title="More time (−)"
          onClick={() => axis.zoom(ZOOM)}
        >
          <Minus />
        </button>
        <RangeEntry axis={axis} />
        <LiveButton axis={axis} />
      </div>
    </fieldset>
  );
}

function LiveButton({ axis }: { axis: TimeAxis }) {
  const moving = axis.view.value.kind === "live" && pausedAt.value === undefined;
  return moving ? (
    <button type="button" class="button" onClick={togglePause}>
      <Pause /> Pause
    </button>
  ) : (
    <button type="button" class="button button-on" title="Back to now (Home)" onClick={() => axis.live()}>
      <Play /> Live
    </button>
  );
}

/** `Live, the last 15 min`, or from when to when. */
export function AxisText({ axis }: { axis: TimeAxis }) {
  const view = axis.view.value;
  const now = seconds.value;
  if (view.kind === "fixed") {
    return (
      <p class="axis-text" data-axis="fixed">
        {rangeText(view, now)} <span class="quiet">({durationText(view.to - view.from)})</span>
      </p>
    );
  }
  return (
    <p class="axis-text" data-axis="live">
      <span class={`live-dot ${pausedAt.value === undefined ? "" : "live-dot-paused"}`} aria-hidden="true" />
      {pausedAt.value === undefined ? "Live" : "Paused"}, the last {durationText(view.spanMs)}
    </p>
  );
}
