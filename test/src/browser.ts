import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type BrowserContext, chromium, type Page } from "playwright-core";

const ARGS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** Debian's Chromium with a profile of its own; `close()` removes the profile too. */
export class TestBrowser implements AsyncDisposable {
  readonly #context: BrowserContext;
  readonly #profile: string;
  /** What pages wrote to the console as errors, and what the page's policy refused. */
  readonly errors: string[] = [];

  private constructor(context: BrowserContext, profile: string) {
    this.#context = context;
    this.#profile = profile;
  }

  static async open(viewport = { width: 1440, height: 900 }): Promise<TestBrowser> {
    const profile = mkdtempSync(join(tmpdir(), "fieldmesh-chromium-"));
    const context = await chromium.launchPersistentContext(profile, {
      executablePath: "/usr/bin/chromium",
      chromiumSandbox: false,
      args: ARGS,
      viewport,
    });
    return new TestBrowser(context, profile);
  }

  /** Process id of the browser itself, whose descendants are all its others. */
  get pid(): number {
    for (const entry of readdirSync("/proc")) {
      if (!/^\d+$/.test(entry)) continue;
      try {
        const words = readFileSync(`/proc/${entry}/cmdline`, "utf8");
        if (words.includes(this.#profile) && !words.includes("--type=")) return Number(entry);
      } catch {
        // It ended while we were looking.
      }
    }
    throw new Error("the browser has no process");
  }

  /** Opens a page there; what it complains of is kept in `errors`. */
  async page(url: string): Promise<Page> {
    const page = await this.#context.newPage();
    page.on("console", (message) => {
      if (message.type() === "error") this.errors.push(message.text());
    });
    page.on("pageerror", (error) => this.errors.push(String(error)));
    await page.goto(url);
    return page;
  }

  async close(): Promise<void> {
    await this.#context.close();
    rmSync(this.#profile, { recursive: true, force: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}
