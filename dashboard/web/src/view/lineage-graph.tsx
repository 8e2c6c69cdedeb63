import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { isDark } from "../preferences.js";
import { Minus, Plus } from "./icons.js";
import type { DrawnEdge, DrawnNode, Emphasis, LineageColours, LineageDrawing } from "./lineage-drawing.js";

interface Props {
  nodes: readonly DrawnNode[];
  edges: readonly DrawnEdge[];
  emphasis: Emphasis;
  onSelect: (product: string | undefined) => void;
  /** What it shows, for screen readers: the table beside it has the same. */
  label: string;
  /** Moved and zoomed by hand; else it is a picture of a size. */
  movable?: boolean;
}

const STEP = 60; // pixels
const ZOOM = 1.25;

/** The lineage as a graph. The drawing library is loaded when the first one is shown. */
export function LineageGraphView({ nodes, edges, emphasis, onSelect, label, movable = true }: Props) {
  const place = useRef<HTMLDivElement>(null);
  const drawing = useRef<LineageDrawing | undefined>(undefined);
  const failed = useSignal(false);
  const ready = useSignal(false);
  const select = useRef(onSelect);
  select.current = onSelect;
  const dark = isDark.value;
  const shape = JSON.stringify([nodes, edges]);
  // The same products and steps, read again, are not drawn anew: what was moved and zoomed stays.
  useEffect(() => {
    let gone = false;
    const load = async (): Promise<void> => {
      try {
        const { drawLineage } = await import("./lineage-drawing.js");
        if (gone || place.current === null) return;
        drawing.current = drawLineage(place.current, {
          nodes,
          edges,
          colours: readColours(),
          movable,
          onSelect: (product) => select.current(product),
        });
        ready.value = true;
      } catch {
        failed.value = !gone;
      }
    };
    void load();
    return () => {
      gone = true;
      ready.value = false;
      drawing.current?.close();
      drawing.current = undefined;
    };
  }, [shape, movable]);
  useEffect(() => drawing.current?.colours(readColours()), [dark]);
  const drawn = ready.value;
  useEffect(() => {
    if (drawn) drawing.current?.emphasise(emphasis);
  }, [drawn, emphasis.selected, emphasis.downstream.join(" ")]);
  const keys: Record<string, () => void> = {
    ArrowLeft: () => drawing.current?.pan(STEP, 0),
    ArrowRight: () => drawing.current?.pan(-STEP, 0),
    ArrowUp: () => drawing.current?.pan(0, STEP),
    ArrowDown: () => drawing.current?.pan(0, -STEP),
    "+": () => drawing.current?.zoom(ZOOM),
    "=": () => drawing.current?.zoom(ZOOM),
    "-": () => drawing.current?.zoom(1 / ZOOM),
    Home: () => drawing.current?.fit(),
  };
  if (failed.value) return <p class="notice">The graph could not be loaded; the table has the same.</p>;
  return (
    <div class={`lineage-frame ${movable ? "" : "lineage-frame-small"}`}>
      <div
        ref={place}
        class="lineage-place"
        role="img"
        aria-label={label}
        tabIndex={movable ? 0 : undefined}
        data-drawn={drawn ? nodes.length : undefined}
        onKeyDown={(event) => {
          const act = keys[event.key];
          if (!movable || act === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
          event.preventDefault();
          event.stopPropagation();
          act();
        }}
      />
      {movable && (
        <div class="lineage-buttons">
          <button
            type="button"
            class="button button-icon"
            aria-label="Closer"
            onClick={() => drawing.current?.zoom(ZOOM)}
          >
            <Plus />
          </button>
          <button
            type="button"
            class="button button-icon"
            aria-label="Further away"
            onClick={() => drawing.current?.zoom(1 / ZOOM)}
          >
            <Minus />
          </button>
          <button type="button" class="button" onClick={() => drawing.current?.fit()}>
            Show all
          </button>
        </div>
      )}
    </div>
  );
}

/** A canvas does not understand light-dark(): the colour of an element is asked for, not the property's text. */
function readColours(): LineageColours {
  const probe = document.createElement("i");
  document.documentElement.append(probe);
  const style = getComputedStyle(probe);
  const colour = (name: string): string => {
    probe.style.color = `var(${name})`;
    return style.color;
  };
  const colours = {
    surface: colour("--surface"),
    raised: colour("--raised"),
    text: colour("--text"),
    muted: colour("--text-muted"),
    line: colour("--border-strong"),
    accent: colour("--accent"),
    accentSoft: colour("--accent-soft"),
    warning: colour("--warning"),
    warningSoft: colour("--warning-soft"),
  };
  probe.remove();
  return colours;
}
