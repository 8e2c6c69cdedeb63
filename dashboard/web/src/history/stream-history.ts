import type { HistoryReadings } from "@fieldmesh/protocol";
import { type Signal, signal } from "@preact/signals";
import type { Range } from "../model/time-view.js";
import { type HistorianState, stateAfter } from "./client.js";
import type { Piece } from "./join.js";
import { standIns, TILE_POINTS, type Tile, tileKey, tileLength, tilesOver } from "./tiles.js";

type Fetch = (stream: string, range: Range, points: number, signal: AbortSignal) => Promise<HistoryReadings>;

interface Loaded {
  tile: Tile;
  readings: HistoryReadings;
  /** The server's time when it was asked for, ms: what came later is not in it. */
  askedAt: number;
}

/** A view that is still moving is not asked for. */
const DEBOUNCE_MS = 120; // ms
/** The historian writes in batches: its newest second may not be there yet. */
const LAG_MS = 5_000; // ms
/** The tile that now is in is asked for again when more of it is needed, or was recovered. */
const YOUNG_MS = 30_000; // ms
const SOONEST_AGAIN_MS = 10_000; // ms
/** What was late by more than this is seen after the longer time. */
const YOUNG_UNTIL_MS = 10 * 60_000; // ms
const OLD_MS = 10 * 60_000; // ms
/** 32 tiles of 2,000 rows with a band are 2 MB. */
const MOST_TILES = 32;
/** Waits after a failure. */
const RETRY_MS = [2_000, 5_000, 10_000, 30_000]; // ms

/**
 * What the page has of one stream's history: tiles, asked for when a chart needs them, given up when it has moved
 * on, and kept for when it comes back.
 */
export class StreamHistory {
  readonly stream: string;
  readonly state: Signal<HistorianState> = signal<HistorianState>("unasked");
  /** Whether something that is on the screen is on its way. */
  readonly loading: Signal<boolean> = signal(false);
  /** Called when there is something new to draw. */
  readonly onChange = new Set<() => void>();
  readonly #fetch: Fetch;
  readonly #now: () => number;
  /** Least recently used first. */
  readonly #tiles = new Map<string, Loaded>();
  readonly #inFlight = new Map<string, AbortController>();
  #wanted: Tile[] = [];
  #wantedKey = "";
  #wantedUntil = Number.NEGATIVE_INFINITY;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #failures = 0;
  #notBefore = 0;

  /** `now`: the server's clock, ms. */
  constructor(stream: string, fetch: Fetch, now: () => number) {
    this.stream = stream;
    this.#fetch = fetch;
    this.#now = now;
  }

  /**
   * Says what a chart of that width shows of history; called at every drawing, cheap when nothing is missing.
   * Right of `until` the live window has everything.
   */
  want(range: Range, widthPx: number, until: number): void {
    const lengthMs = tileLength(range.to - range.from, widthPx);
    this.#wanted = tilesOver({ from: range.from, to: Math.min(range.to, until) }, lengthMs);
    this.#wantedUntil = Math.min(range.to, until);
    const key = this.#wanted.map(tileKey).join(" ");
    const moved = key !== this.#wantedKey;
    this.#wantedKey = key;
    if (moved) this.#endUnwanted();
    if ((moved || this.#timer === undefined) && this.#due().length > 0) this.#plan(DEBOUNCE_MS);
  }

  /** Nobody shows it any more: what is under way ends. */
  rest(): void {
    this.#wanted = [];
    this.#wantedKey = "";
    this.#endUnwanted();
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.loading.value = false;
  }

  /** Asks again now, after a failure. */
  retry(): void {
    this.#notBefore = 0;
    this.#plan(0);
  }

  /** The best there is for the tiles that were wanted last, from left to right. */
  pieces(): Piece[] {
    return this.#wanted.flatMap((tile) => this.#piecesOf(tile));
  }

  #piecesOf(tile: Tile): Piece[] {
    const found = this.#tiles.get(tileKey(tile));
    if (found !== undefined) return [pieceOf(found, tile)];
    const { coarser, finer } = standIns(tile);
    for (const standIn of coarser) {
      const loaded = this.#tiles.get(tileKey(standIn));
      if (loaded !== undefined) return [pieceOf(loaded, tile)];
    }
    for (const parts of finer) {
      const pieces = parts.flatMap((part) => {
        const loaded = this.#tiles.get(tileKey(part));
        return loaded === undefined ? [] : [pieceOf(loaded, common(part, tile))];
      });
      if (pieces.length > 0) return pieces;
    }
    return [];
  }

  #due(): Tile[] {
    return this.#wanted.filter((tile) => !this.#inFlight.has(tileKey(tile)) && this.#isDue(tile));
  }

  #isDue(tile: Tile): boolean {
    const loaded = this.#tiles.get(tileKey(tile));
    if (loaded === undefined) return true;
    const ageMs = this.#now() - loaded.askedAt;
    if (loaded.askedAt - LAG_MS < Math.min(tile.to, this.#wantedUntil)) {
      if (ageMs > SOONEST_AGAIN_MS) return true;
    }
    return ageMs > (tile.to > loaded.askedAt - YOUNG_UNTIL_MS ? YOUNG_MS : OLD_MS);
  }

  #plan(waitMs: number): void {
    clearTimeout(this.#timer);
    const wait = Math.max(waitMs, this.#notBefore - performance.now());
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#endUnwanted();
      for (const tile of this.#due()) void this.#ask(tile);
      this.#tellLoading();
    }, wait);
  }

  #endUnwanted(): void {
    const wanted = new Set(this.#wanted.map(tileKey));
    for (const [key, controller] of this.#inFlight) {
      if (wanted.has(key)) continue;
      this.#inFlight.delete(key);
      controller.abort();
    }
  }

  /** Never rejects: what goes wrong is told by `state`. */
  async #ask(tile: Tile): Promise<void> {
    const key = tileKey(tile);
    const controller = new AbortController();
    this.#inFlight.set(key, controller);
    const askedAt = this.#now();
    try {
      this.#put({ tile, askedAt, readings: await this.#answer(tile, controller.signal) });
      this.#failures = 0;
      this.state.value = "here";
    } catch (error) {
      if (controller.signal.aborted) return;
      this.#failed(tile, askedAt, error);
    } finally {
      if (this.#inFlight.get(key) === controller) this.#inFlight.delete(key);
    }
    this.#tellLoading();
    for (const tell of this.onChange) tell();
  }

  #answer(tile: Tile, signal: AbortSignal): Promise<HistoryReadings> {
    return this.#fetch(this.stream, tile, TILE_POINTS, signal);
  }

  #failed(tile: Tile, askedAt: number, error: unknown): void {
    const state = stateAfter(error);
    if (state === undefined) {
      // It knows nothing of this stream, or not yet.
      this.state.value = "here";
      this.#put({ tile, askedAt, readings: nothingOf(this.stream, tile) });
      return;
    }
    this.state.value = state;
    const waitMs = RETRY_MS[Math.min(this.#failures, RETRY_MS.length - 1)] ?? 30_000;
    this.#notBefore = performance.now() + (state === "none" ? 30_000 : waitMs);
    this.#failures += 1;
    this.#plan(0);
  }

  #put(loaded: Loaded): void {
    const key = tileKey(loaded.tile);
    this.#tiles.delete(key);
    this.#tiles.set(key, loaded);
    const wanted = new Set(this.#wanted.map(tileKey));
    for (const old of this.#tiles.keys()) {
      if (this.#tiles.size <= MOST_TILES) break;
      if (!wanted.has(old)) this.#tiles.delete(old);
    }
  }

  #tellLoading(): void {
    this.loading.value = this.#wanted.some(
      (tile) => this.#inFlight.has(tileKey(tile)) && !this.#tiles.has(tileKey(tile)),
    );
  }
}

function pieceOf({ readings }: Loaded, { from, to }: Range): Piece {
  return { from, to, rows: readings, thinnedMs: columnOf(readings) };
}

function common(a: Range, b: Range): Range {
  return { from: Math.max(a.from, b.from), to: Math.min(a.to, b.to) };
}

/**
 * Width of the columns of which the lowest and the highest reading were kept, ms; 0 when every one is there. As the
 * historian cuts them: of the readings' own time, for two points each, or three where a break is among them.
 */
function columnOf({ thinned, stepMs, t, v }: HistoryReadings): number {
  if (!thinned || stepMs > 0) return 0;
  const columns = Math.floor((TILE_POINTS - 2) / (v.includes(null) ? 3 : 2));
  return ((t.at(-1) ?? 0) - (t[0] ?? 0)) / columns;
}

function nothingOf(stream: string, { from, to }: Range): HistoryReadings {
  return {
    stream,
    from,
    to,
    level: "raw",
    stepMs: 0,
    unit: "",
    valueType: "number",
    rows: 0,
    thinned: false,
    t: [],
    v: [],
    bad: 0,
  };
}
