import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { build } from "vite";
import { afterAll, beforeAll, expect, onTestFinished } from "vitest";
import type { Inspection } from "../inspection.js";

const CHROMIUM = "/usr/bin/chromium";
const room = join(import.meta.dirname, "../..");

/** Whether there is a browser to test in. */
export const installed = existsSync(CHROMIUM);
if (!installed)
  process.stderr.write("browser tests of dashboard/web are skipped: apt-get install chromium\n");

declare global {
  var __fieldmesh: Inspection;
}

/** A mock server of a test; it is stopped when the test is over. */
export interface Mock {
  url: string;
  stop: () => Promise<void>;
}

/** What the tests of a file share: the app built once, and one browser. */
export interface Stage {
  /** Folder of the built app. */
  readonly app: string;
  /** Starts `dev/mock-server.mjs` with these options. */
  mock: (...options: string[]) => Promise<Mock>;
  /** A page that fails the test when anything is refused by the security headers or throws. */
  open: (url: string, width?: number, context?: BrowserContextOptions) => Promise<Page>;
}

/** To be called in a `describe`: sets the stage before its tests and clears it away after them. */
export function useStage(): Stage {
  let app: string | undefined;
  let browser: Browser | undefined;

  beforeAll(async () => {
    app = await mkdtemp(join(tmpdir(), "fieldmesh-web-"));
    await build({ root: room, logLevel: "error", build: { outDir: app } });
    browser = await chromium.launch({
      executablePath: CHROMIUM,
      chromiumSandbox: false,
      args: ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"],
    });
  }, 60_000);

  afterAll(async () => {
    await browser?.close();
    if (app !== undefined) await rm(app, { recursive: true });
  });

  return {
    get app() {
      if (app === undefined) throw new Error("the app is built before the first test");
      return app;
    },

    async mock(...options) {
      const child: ChildProcess = spawn(
        process.execPath,
        [
          join(room, "dev/mock-server.mjs"),
          "--app",
          this.app,
          ...(options.includes("--port") ? [] : ["--port", "0"]),
          ...options,
        ],
        { stdio: ["ignore", "pipe", "inherit"] },
      );
      const stop = async (): Promise<void> => {
        if (child.exitCode !== null || child.signalCode !== null) return;
        const gone = once(child, "exit");
        child.kill();
        await gone;
      };
      onTestFinished(stop);
      if (child.stdout === null) throw new Error("the mock server has no stdout");
      const [line] = (await once(child.stdout, "data")) as [Buffer];
      return { url: line.toString().trim(), stop };
    },

    async open(url, width = 1280, more = {}) {
      if (browser === undefined) throw new Error("the browser is started before the first test");
      const context = await browser.newContext({ viewport: { width, height: 900 }, ...more });
      onTestFinished(() => context.close());
      const page = await context.newPage();
      const wrong: string[] = [];
      page.on("pageerror", (error) => wrong.push(String(error)));
      page.on("console", (message) => {
        // What the network refuses is shown on the page; everything else is a fault.
        const ofNetwork = /ERR_CONNECTION|status of (4\d\d|503)/.test(message.text());
        if (message.type() === "error" && !ofNetwork) wrong.push(message.text());
      });
      page.on("request", (request) => {
        // A picture that the page has made itself is not asked of anyone.
        const { hostname, protocol } = new URL(request.url());
        if (protocol !== "blob:" && hostname !== "127.0.0.1")
          wrong.push(`asked another host: ${request.url()}`);
      });
      onTestFinished(() => expect(wrong).toEqual([]));
      await page.goto(url);
      return page;
    },
  };
}

/** The readings of a stream that the page holds live. */
export const charted = (page: Page, stream: string): Promise<ReturnType<Inspection["charted"]>> =>
  page.evaluate((name) => globalThis.__fieldmesh.charted(name), stream);

/** The rows of a stream's large chart. */
export const drawn = (page: Page, stream: string): Promise<ReturnType<Inspection["drawn"]>> =>
  page.evaluate((name) => globalThis.__fieldmesh.drawn(name), stream);
