import type {
  Alarms,
  BrowserToServer,
  Catalogue as CatalogueFrame,
  Dropped,
  Frame,
  Hello,
  ServerToBrowser,
} from "@fieldmesh/protocol";
import type { Server, Socket } from "socket.io";
import type { AlarmBook, AlarmsKnown } from "../alarms/book.js";
import type { Catalogue } from "../catalogue/catalogue.js";
import { RangeEncoder } from "../feed/encoder.js";
import { DEFAULT_FEED, Feed, type FeedLimits } from "../feed/feed.js";
import { RawJson } from "../feed/raw-json.js";
import type { Windows } from "../window/windows.js";
import { parseShow } from "./show.js";

/** What is known of a browser's connection. */
export interface BrowserData {
  user: NonNullable<Hello["user"]>;
}

export type BrowserServer = Server<BrowserToServer, ServerToBrowser, Record<string, never>, BrowserData>;
export type BrowserSocket = Socket<BrowserToServer, ServerToBrowser, Record<string, never>, BrowserData>;

export interface HubOptions {
  io: BrowserServer;
  windows: Windows;
  catalogue: Catalogue;
  alarms: AlarmBook;
  hello: (user: Hello["user"]) => Hello;
  /** Grows when anything in the hello changed that everybody is to know. */
  helloRevision: () => number;
  dropped: () => Dropped;
  /** Grows whenever what `dropped` tells changes. */
  droppedRevision: () => number;
  /** What a browser sent was not taken. */
  refused: (detail: string) => void;
  clock: () => number;
  frameMs: number;
  feed?: FeedLimits;
}

interface Browser {
  socket: BrowserSocket;
  feed: Feed;
  catalogue: number | undefined;
  alarms: AlarmsKnown | undefined;
  hello: number;
  dropped: number;
  strikes: number;
}

/** Changes of catalogue and alarms are gathered this long. */
const STATE_MS = 200;
/** Counters are told this often. */
const DROPPED_MS = 1_000;
/** So many senseless messages of one browser, and it is disconnected. */
const MAX_STRIKES = 20;
/** More changes of what it shows than this in a second are no person's. */
const MAX_SHOWS_PER_S = 50;

/**
 * The browsers that are connected. For each there are cursors and revisions, never a queue: what a browser is
 * sent is made from the present state at the moment when it can take it.
 */
export class BrowserHub {
  readonly #options: HubOptions;
  readonly #browsers = new Set<Browser>();
  readonly #encoder = new RangeEncoder();
  #timers: NodeJS.Timeout[] = [];
  #frames = 0;

  constructor(options: HubOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#browsers.size;
  }

  get framesSent(): number {
    return this.#frames;
  }

  start(): void {
    this.#options.io.on("connection", (socket) => this.#connected(socket));
    this.#timers = [
      setInterval(() => this.#sendFrames(), this.#options.frameMs),
      setInterval(() => this.#sendState(), STATE_MS),
      setInterval(() => this.#sendDropped(), DROPPED_MS),
    ];
  }

  close(): void {
    for (const timer of this.#timers) clearInterval(timer);
    this.#timers = [];
    for (const { socket } of this.#browsers) socket.disconnect(true);
  }

  #connected(socket: BrowserSocket): void {
    const browser: Browser = {
      socket,
      feed: new Feed(this.#options.windows, this.#options.feed ?? DEFAULT_FEED),
      catalogue: undefined,
      alarms: undefined,
      hello: -1,
      dropped: -1,
      strikes: 0,
    };
    this.#browsers.add(browser);
    socket.on("disconnect", () => this.#browsers.delete(browser));
    let shows = 0;
    let second = 0;
    // Everything that a browser sends passes here, whatever it calls it.
    socket.onAny((event: unknown, ...values: unknown[]) => {
      const now = Math.floor(this.#options.clock() / 1_000);
      shows = now === second ? shows + 1 : 1;
      second = now;
      const show = event === "show" && shows <= MAX_SHOWS_PER_S ? parseShow(values[0]) : undefined;
      if (show !== undefined) {
        browser.feed.show(show.streams);
        return;
      }
      browser.strikes += 1;
      this.#options.refused(event === "show" ? "show: not a list of streams, or too often" : "unknown event");
      if (browser.strikes >= MAX_STRIKES) socket.disconnect(true);
    });
    this.#tellState(browser, new Map());
  }

  #sendFrames(): void {
    const now = this.#options.clock();
    this.#encoder.begin(now);
    for (const browser of this.#browsers) {
      if (!canTake(browser.socket)) continue;
      const text = browser.feed.next(now, this.#encoder);
      if (text === undefined) continue;
      this.#frames += 1;
      // Typed as what the browser gets; our encoder puts the text in as it is.
      const frame = new RawJson(text) as unknown as Frame;
      browser.socket.emit("frame", frame, () => browser.feed.acknowledge());
    }
  }

  #sendState(): void {
    const shared = new Map<string, RawJson>();
    for (const browser of this.#browsers) {
      if (canTake(browser.socket)) this.#tellState(browser, shared);
    }
  }

  /** Browsers that know the same are sent the same text: `shared` holds it for one round. */
  #tellState(browser: Browser, shared: Map<string, RawJson>): void {
    const { catalogue, alarms, hello, helloRevision } = this.#options;
    const { socket } = browser;
    if (browser.hello !== helloRevision()) {
      browser.hello = helloRevision();
      socket.emit("hello", hello(socket.data.user));
    }
    if (browser.catalogue !== catalogue.revision) {
      const key = `catalogue ${browser.catalogue}`;
      const raw = shared.get(key) ?? new RawJson(JSON.stringify(catalogue.since(browser.catalogue)));
      shared.set(key, raw);
      browser.catalogue = catalogue.revision;
      socket.emit("catalogue", raw as unknown as CatalogueFrame);
    }
    const told = alarms.since(browser.alarms);
    if (told !== undefined) {
      const key = `alarms ${browser.alarms?.standing} ${browser.alarms?.history}`;
      const raw = shared.get(key) ?? new RawJson(JSON.stringify(told.alarms));
      shared.set(key, raw);
      browser.alarms = told.known;
      socket.emit("alarms", raw as unknown as Alarms);
    }
  }

  #sendDropped(): void {
    const revision = this.#options.droppedRevision();
    let raw: RawJson | undefined;
    for (const browser of this.#browsers) {
      if (browser.dropped === revision || !canTake(browser.socket)) continue;
      browser.dropped = revision;
      raw ??= new RawJson(JSON.stringify(this.#options.dropped()));
      browser.socket.emit("dropped", raw as unknown as Dropped);
    }
  }
}

/** Nothing that was sent before still waits in this process for the browser's network: then a transport is not writable. */
function canTake(socket: BrowserSocket): boolean {
  return socket.conn.transport.writable;
}
