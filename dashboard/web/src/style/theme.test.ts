import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

type Rgb = [number, number, number];

const css = readFileSync(join(import.meta.dirname, "theme.css"), "utf8");
const pairs = new Map(
  [...css.matchAll(/--([\w-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\)/g)].map(
    ([, name = "", light = "", dark = ""]) => [name, { light, dark }],
  ),
);

function colour(name: string, theme: "light" | "dark"): Rgb {
  const hex = pairs.get(name)?.[theme];
  if (hex === undefined) throw new Error(`theme.css has no colour --${name}`);
  return [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16)) as Rgb;
}

/** WCAG 2.2, relative luminance. */
function luminance(rgb: Rgb): number {
  const [r = 0, g = 0, b = 0] = rgb.map((c) => {
    const s = c / 255;
    return s <= 0.04045 ? s / 12.92 : ((s + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(a: Rgb, b: Rgb): number {
  const [high = 0, low = 0] = [luminance(a), luminance(b)].sort((x, y) => y - x);
  return (high + 0.05) / (low + 0.05);
}

const grounds = ["ground", "surface", "raised"];
const TEXT: [string, string[]][] = [
  ["text", [...grounds, "sunken", "accent-soft", "warning-soft"]],
  ["text-muted", [...grounds, "quiet-soft"]],
  ["ok", ["surface", "ok-soft"]],
  ["info", ["surface", "ground", "info-soft"]],
  ["warning", ["surface", "ground", "warning-soft"]],
  ["critical", [...grounds, "critical-soft"]],
  ["accent-text", ["accent"]],
  ["surface", ["critical"]], // the alarm counter
];
const SIGNS: [string, string[]][] = [
  ["chart-line", grounds],
  ...[1, 2, 3, 4, 5, 6, 7, 8].map((i): [string, string[]] => [`series-${i}`, ["surface"]]),
  ["accent", ["surface"]],
  ["focus", grounds],
  ["border-strong", ["surface"]],
];

describe.each(["light", "dark"] as const)("the %s theme", (theme) => {
  const all = (list: [string, string[]][]) =>
    list.flatMap(([fore, backs]) => backs.map((back) => [fore, back] as const));

  it.each(all(TEXT))("writes --%s on --%s with a contrast of 4.5", (fore, back) => {
    expect(contrast(colour(fore, theme), colour(back, theme))).toBeGreaterThanOrEqual(4.5);
  });

  it.each(all(SIGNS))("draws --%s on --%s with a contrast of 3", (fore, back) => {
    expect(contrast(colour(fore, theme), colour(back, theme))).toBeGreaterThanOrEqual(3);
  });
});
