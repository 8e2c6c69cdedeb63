import { CHART_FONT } from "./palette.js";

interface Picture {
  title: string;
  /** From when to when. */
  subtitle: string;
  /** One under the other, each with its lines' names. */
  charts: { canvas: HTMLCanvasElement; legend: { text: string; colour: string }[] }[];
}

/** CSS pixels. */
const ROOM = 20;
const HEAD = 58;
const LEGEND = 24;

/** The charts as a PNG file, with title and time range on the theme's ground. */
export async function pictureOf({ title, subtitle, charts }: Picture): Promise<Blob> {
  const style = getComputedStyle(document.documentElement);
  const [first] = charts;
  if (first === undefined) throw new Error("There is no chart to make a picture of.");
  const scale = first.canvas.width / Math.max(1, first.canvas.clientWidth);
  const width = Math.max(...charts.map(({ canvas }) => canvas.clientWidth)) + 2 * ROOM;
  const heights = charts.map(
    ({ canvas, legend }) => canvas.clientHeight + (legend.length > 0 ? LEGEND : 0) + ROOM / 2,
  );
  const height = HEAD + heights.reduce((sum, one) => sum + one, 0) + ROOM / 2;
  const sheet = document.createElement("canvas");
  sheet.width = Math.round(width * scale);
  sheet.height = Math.round(height * scale);
  const context = sheet.getContext("2d");
  if (context === null) throw new Error("This browser does not draw pictures.");
  context.scale(scale, scale);
  context.fillStyle = colourOf("--surface");
  context.fillRect(0, 0, width, height);
  context.textBaseline = "alphabetic";
  context.fillStyle = style.color;
  context.font = `650 17px ${CHART_FONT}`;
  context.fillText(title, ROOM, 27, width - 2 * ROOM);
  context.fillStyle = colourOf("--text-muted");
  context.font = `13px ${CHART_FONT}`;
  context.fillText(subtitle, ROOM, 47, width - 2 * ROOM);
  let y = HEAD;
  for (const [i, { canvas, legend }] of charts.entries()) {
    drawLegend(context, legend, y);
    const top = y + (legend.length > 0 ? LEGEND : 0);
    context.drawImage(canvas, ROOM, top, canvas.clientWidth, canvas.clientHeight);
    y += heights[i] ?? 0;
  }
  return new Promise((resolve, reject) => {
    sheet.toBlob((blob) => {
      if (blob === null) reject(new Error("The picture could not be made."));
      else resolve(blob);
    }, "image/png");
  });
}

function drawLegend(
  context: CanvasRenderingContext2D,
  legend: readonly { text: string; colour: string }[],
  y: number,
): void {
  let x = ROOM;
  context.font = `500 13px ${CHART_FONT}`;
  for (const { text, colour } of legend) {
    context.fillStyle = colour;
    context.fillRect(x, y + 7, 14, 3);
    context.fillStyle = colourOf("--text");
    context.fillText(text, x + 20, y + 13);
    x += 44 + context.measureText(text).width;
  }
}

function colourOf(property: string): string {
  const probe = document.createElement("i");
  document.documentElement.append(probe);
  probe.style.color = `var(${property})`;
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}

/** Gives a file to the person at the browser. */
export function download(blob: Blob, name: string): void {
  const url = URL.createObjectURL(blob);
  const anchor = document.createElement("a");
  anchor.href = url;
  anchor.download = name;
  anchor.click();
  // The browser has its own hold of the file once the click is over.
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

/** `env_greenhouse_temperature_2026-11-21T12-00-00Z_2026-11-21T12-15-00Z.csv`. */
export function fileName(
  what: string,
  { from, to }: { from: number; to: number },
  kind: "csv" | "png",
): string {
  const time = (t: number): string => `${new Date(t).toISOString().slice(0, 19).replaceAll(":", "-")}Z`;
  return `${what}_${time(from)}_${time(to)}.${kind}`;
}
