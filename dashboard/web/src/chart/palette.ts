import type { Severity } from "@fieldmesh/protocol";
import type { LossTone } from "../model/losses.js";
import { MOST_COMPARED } from "../model/view-address.js";

/** Colours of the canvas, taken from the style sheet's custom properties. */
export interface Palette {
  line: string;
  fill: string;
  stale: string;
  text: string;
  grid: string;
  axis: string;
  surface: string;
  severity: Record<Severity, string>;
  band: Record<Severity, string>;
  /** Shading of stretches without readings, by what became of them. */
  loss: Record<LossTone, { fill: string; edge: string }>;
  /** Lines of several streams on one axis. */
  series: readonly string[];
}

let known: { dark: boolean; palette: Palette } | undefined;

/** The colours of the theme that is on the screen; read anew only when that is another one. */
export function paletteOf(dark: boolean): Palette {
  if (known?.dark !== dark) known = { dark, palette: readPalette() };
  return known.palette;
}

function readPalette(): Palette {
  // A canvas does not understand light-dark(): the colour of an element is asked for, not the property's text.
  const probe = document.createElement("i");
  document.documentElement.append(probe);
  const style = getComputedStyle(probe);
  const colour = (name: string): string => {
    probe.style.color = `var(${name})`;
    return style.color;
  };
  const palette: Palette = {
    line: colour("--chart-line"),
    fill: colour("--chart-fill"),
    stale: colour("--chart-stale"),
    text: colour("--text-muted"),
    grid: colour("--chart-grid"),
    axis: colour("--border"),
    surface: colour("--surface"),
    severity: {
      info: colour("--info"),
      warning: colour("--warning"),
      critical: colour("--critical"),
    },
    band: {
      info: colour("--info-band"),
      warning: colour("--warning-band"),
      critical: colour("--critical-band"),
    },
    loss: {
      mended: { fill: colour("--info-band"), edge: colour("--info") },
      waiting: { fill: colour("--warning-band"), edge: colour("--warning") },
      lost: { fill: colour("--critical-band"), edge: colour("--critical") },
      quiet: { fill: colour("--chart-grid"), edge: colour("--border-strong") },
    },
    series: Array.from({ length: MOST_COMPARED }, (_, i) => colour(`--series-${i + 1}`)),
  };
  probe.remove();
  return palette;
}

export const CHART_FONT = '"Inter Variable", system-ui, sans-serif';
