import type { Severity } from "@fieldmesh/protocol";

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
  };
  probe.remove();
  return palette;
}

export const CHART_FONT = '"Inter Variable", system-ui, sans-serif';
