import type { Page } from "playwright-core";

/** What the page lets a test read: see the web app's `inspection.ts`. */
export interface Inspection {
  charted: (stream: string) => { boot: number; seq: number }[];
  redraws: (stream: string) => number;
}

/** How often the page has drawn each of these streams' charts. */
export async function redraws(page: Page, streams: readonly string[]): Promise<number[]> {
  return await page.evaluate((names) => {
    const { __fieldmesh } = globalThis as unknown as { __fieldmesh: Inspection };
    return names.map((name) => __fieldmesh.redraws(name));
  }, streams);
}
