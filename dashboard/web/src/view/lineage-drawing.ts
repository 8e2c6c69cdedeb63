import cytoscape, { type Core, type ElementDefinition } from "cytoscape";
import dagre from "cytoscape-dagre";
import { CHART_FONT } from "../chart/palette.js";

export interface DrawnNode {
  id: string;
  /** Below the name. */
  owner: string;
  retired: boolean;
}

export interface DrawnEdge {
  source: string;
  target: string;
  /** 0 to 1: what is not sure is dashed. */
  confidence: number;
}

export interface LineageColours {
  surface: string;
  raised: string;
  text: string;
  muted: string;
  line: string;
  accent: string;
  accentSoft: string;
  warning: string;
  warningSoft: string;
}

/** What is emphasised: a product and what feels its trouble. */
export interface Emphasis {
  selected: string | undefined;
  downstream: readonly string[];
  /** What stays as it is beside them; the rest fades. */
  kept?: readonly string[];
}

export interface LineageDrawing {
  emphasise(emphasis: Emphasis): void;
  colours(colours: LineageColours): void;
  /** By so many pixels to the right and down. */
  pan(x: number, y: number): void;
  zoom(factor: number): void;
  /** Everything in sight. */
  fit(): void;
  close(): void;
}

cytoscape.use(dagre);

/** The library would write a style element, which the Content-Security-Policy refuses; the style sheet has its rule. */
const STYLE_ELEMENT = "__________cytoscape_stylesheet";

const NODE_HEIGHT = 46;
const PADDING = 18;
const NAME_FONT = `550 13px ${CHART_FONT}`;
const LONGEST_NAME = 34;
const LARGEST_ZOOM = 1.2;
/** A step that is less sure than this is dashed. */
const UNSURE = 0.75;

export interface DrawingOptions {
  nodes: readonly DrawnNode[];
  edges: readonly DrawnEdge[];
  colours: LineageColours;
  /** Moved and zoomed by hand. */
  movable: boolean;
  onSelect: (product: string | undefined) => void;
}

/** Draws products from left to right in the way that data takes. */
export function drawLineage(place: HTMLElement, options: DrawingOptions): LineageDrawing {
  if (document.getElementById(STYLE_ELEMENT) === null) {
    const stand = document.createElement("meta");
    stand.id = STYLE_ELEMENT;
    document.head.append(stand);
  }
  const { movable, onSelect } = options;
  const cy = cytoscape({
    container: place,
    elements: elementsOf(options),
    style: stylesOf(options.colours),
    minZoom: 0.1,
    maxZoom: 3,
    autoungrabify: true,
    autounselectify: true,
    boxSelectionEnabled: false,
    userPanningEnabled: movable,
    userZoomingEnabled: movable,
  });
  cy.on("tap", (event) => {
    const { target } = event;
    onSelect(target === cy || !target.isNode() ? undefined : String(target.id()));
  });
  const layout = {
    name: "dagre",
    rankDir: "LR",
    nodeSep: 18,
    rankSep: 70,
    padding: 16,
    animate: false,
    fit: false,
  } as const;
  cy.layout(layout).run();
  const fit = (): void => fitted(cy);
  fit();
  const resized = new ResizeObserver(() => {
    cy.resize();
    fit();
  });
  resized.observe(place);
  return {
    emphasise: ({ selected, downstream, kept = [] }) => {
      const felt = new Set(downstream);
      const plain = new Set(kept);
      cy.batch(() => {
        for (const node of cy.nodes().toArray()) {
          const id = node.id();
          node.toggleClass("selected", id === selected);
          node.toggleClass("felt", felt.has(id));
          const fades = selected !== undefined && id !== selected && !felt.has(id) && !plain.has(id);
          node.toggleClass("faded", fades);
        }
        for (const edge of cy.edges().toArray()) {
          const source = String(edge.data("source"));
          const on = felt.has(String(edge.data("target"))) && (source === selected || felt.has(source));
          edge.toggleClass("felt", on);
          edge.toggleClass("faded", selected !== undefined && !on && !plain.has(source));
        }
      });
    },
    colours: (colours) => {
      cy.style(stylesOf(colours));
    },
    pan: (x, y) => {
      cy.panBy({ x, y });
    },
    zoom: (factor) => {
      cy.zoom({ level: cy.zoom() * factor, renderedPosition: { x: cy.width() / 2, y: cy.height() / 2 } });
    },
    fit,
    close: () => {
      resized.disconnect();
      cy.destroy();
    },
  };
}

/** All of it in sight; a few products are not blown up. */
function fitted(cy: Core): void {
  cy.fit(undefined, 20);
  if (cy.zoom() <= LARGEST_ZOOM) return;
  cy.zoom(LARGEST_ZOOM);
  cy.center();
}

function elementsOf({ nodes, edges }: Pick<DrawingOptions, "nodes" | "edges">): ElementDefinition[] {
  const measure = document.createElement("canvas").getContext("2d");
  if (measure !== null) measure.font = NAME_FONT;
  const widthOf = (text: string): number => measure?.measureText(text).width ?? text.length * 8;
  return [
    ...nodes.map(({ id, owner, retired }) => {
      const name = id.length > LONGEST_NAME ? `${id.slice(0, LONGEST_NAME - 1)}…` : id;
      const by = owner.length > LONGEST_NAME ? `${owner.slice(0, LONGEST_NAME - 1)}…` : owner;
      const width = Math.max(widthOf(name), widthOf(by)) + 2 * PADDING;
      const label = by === "" ? name : `${name}\n${by}`;
      return { data: { id, label, width }, classes: retired ? "retired" : "" };
    }),
    ...edges.map(({ source, target, confidence }) => ({
      data: { id: `${source} ${target}`, source, target },
      classes: confidence < UNSURE ? "unsure" : "",
    })),
  ];
}

function stylesOf(colours: LineageColours): cytoscape.StylesheetJson {
  return [
    {
      selector: "node",
      style: {
        shape: "round-rectangle",
        width: "data(width)",
        height: NODE_HEIGHT,
        "background-color": colours.raised,
        "border-width": 1.5,
        "border-color": colours.line,
        label: "data(label)",
        color: colours.text,
        "font-family": CHART_FONT,
        "font-size": 13,
        "text-valign": "center",
        "text-halign": "center",
        "text-wrap": "wrap",
        "line-height": 1.25,
      },
    },
    { selector: "node.retired", style: { "border-style": "dashed", color: colours.muted } },
    {
      selector: "node.felt",
      style: { "background-color": colours.warningSoft, "border-color": colours.warning },
    },
    {
      selector: "node.selected",
      style: { "background-color": colours.accentSoft, "border-color": colours.accent, "border-width": 3 },
    },
    { selector: "node.faded", style: { opacity: 0.45 } },
    {
      selector: "edge",
      style: {
        width: 1.6,
        "line-color": colours.line,
        "target-arrow-color": colours.line,
        "target-arrow-shape": "triangle",
        "arrow-scale": 0.9,
        // Out at the right and in at the left: not across the products between.
        "curve-style": "round-taxi",
        "taxi-direction": "rightward",
        "taxi-turn": "50%",
      },
    },
    { selector: "edge.unsure", style: { "line-style": "dashed" } },
    {
      selector: "edge.felt",
      style: { width: 2.4, "line-color": colours.warning, "target-arrow-color": colours.warning },
    },
    { selector: "edge.faded", style: { opacity: 0.4 } },
  ];
}
