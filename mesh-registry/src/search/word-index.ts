import { SortedEntries } from "../store/sorted-entries.js";
import { plainWordsOf, wordsOf } from "./words.js";

/** A text of a document, and how much a word in it counts. */
export interface WeightedText {
  text: string;
  weight: number;
}

export interface Hit<V> {
  id: string;
  value: V;
  score: number;
}

/** Which of the documents that were found are wanted. */
export interface WantedPage<V> {
  where: (value: V) => boolean;
  /** Plain ones are wanted without a look at them. */
  allPlain?: boolean | undefined;
  /** Those that come after this one; from the beginning where it is not found. */
  after?: string | undefined;
  offset?: number | undefined;
  limit: number;
}

export interface FoundPage<V> {
  items: V[];
  /** Of all that were found, not only of this page. */
  total: number;
  /** Id of the last one of the page, where another follows. */
  next?: string;
}

/** Of a question; more words are passed over. */
export const MAX_WORDS = 10;
/** A whole word counts more than one that only begins with what was asked. */
export const WHOLE = 2;
/** Pages of at most some hundred references. */
const MAX_READY = 64;

/** Documents that have a word, by their numbers, and beside each what the word counts there at most. */
interface Postings {
  numbers: number[];
  weights: number[];
}

/**
 * Which document has which words, as an inverted index in memory. Documents have numbers, so that scores are kept
 * in arrays: a question that half of all documents answer takes a few ms of some ten thousand.
 */
export class WordIndex<V> {
  readonly #words = new SortedEntries<Postings>();
  readonly #numbers = new Map<string, number>();
  // Apart from one another: what looks at ten thousand of one of them reads memory in a row.
  readonly #ids: string[] = [];
  readonly #values: (V | undefined)[] = [];
  readonly #plain: boolean[] = [];
  readonly #wordsOf: (readonly string[])[] = [];
  readonly #free: number[] = [];
  /** Pages that are the same for whoever asks, until a document changes: people look for the same words. */
  readonly #ready = new Map<string, FoundPage<V>>();

  get size(): number {
    return this.#numbers.size;
  }

  /** @param plain whether who takes all plain ones need not look at it */
  put(id: string, value: V, texts: readonly WeightedText[], plain = false): void {
    this.remove(id);
    this.#ready.clear();
    const number = this.#free.pop() ?? this.#ids.length;
    const weights = weightedWords(texts);
    this.#numbers.set(id, number);
    this.#ids[number] = id;
    this.#values[number] = value;
    this.#plain[number] = plain;
    this.#wordsOf[number] = [...weights.keys()];
    for (const [word, weight] of weights) {
      let postings = this.#words.get(word);
      if (postings === undefined) {
        postings = { numbers: [], weights: [] };
        this.#words.set(word, postings);
      }
      postings.numbers.push(number);
      postings.weights.push(weight);
    }
  }

  remove(id: string): void {
    const number = this.#numbers.get(id);
    if (number === undefined) return;
    this.#ready.clear();
    for (const word of this.#wordsOf[number] ?? []) {
      const postings = this.#words.get(word);
      if (postings === undefined) continue;
      removeAt(postings, postings.numbers.indexOf(number));
      if (postings.numbers.length === 0) this.#words.delete(word);
    }
    this.#numbers.delete(id);
    this.#ids[number] = "";
    this.#values[number] = undefined;
    this.#wordsOf[number] = [];
    this.#free.push(number);
  }

  /** Documents that have every word of the question, in no order. None when it has no words. */
  all(question: string): Hit<V>[] {
    const { numbers, scores } = this.#match(question);
    return numbers.flatMap((number) => {
      const value = this.#values[number];
      return value === undefined ? [] : [{ id: this.#ids[number] ?? "", value, score: scores[number] ?? 0 }];
    });
  }

  /** The same, best first, else by id: one page of them. */
  find(question: string, wanted: WantedPage<V>): FoundPage<V> {
    const { allPlain, after, offset, limit } = wanted;
    const key = allPlain === true ? JSON.stringify([question, after, offset, limit]) : undefined;
    const ready = key === undefined ? undefined : this.#ready.get(key);
    if (ready !== undefined) return ready;
    const { page, isForAll } = this.#find(question, wanted);
    if (isForAll && key !== undefined) {
      if (this.#ready.size >= MAX_READY) this.#ready.clear();
      this.#ready.set(key, page);
    }
    return page;
  }

  /** `isForAll`: who asks made no difference. */
  #find(
    question: string,
    { where, allPlain, after, offset = 0, limit }: WantedPage<V>,
  ): { page: FoundPage<V>; isForAll: boolean } {
    const { numbers, scores } = this.#match(question);
    const begin = after === undefined ? undefined : this.#numbers.get(after);
    const isThere = begin !== undefined && numbers.includes(begin);
    const cursor = isThere && after !== undefined ? { id: after, score: scores[begin] ?? 0 } : undefined;
    const bestOf = new BestOf(offset + limit, this.#ids);
    let isForAll = true;
    let total = 0;
    let past = 0; // after the cursor
    for (const number of numbers) {
      if (allPlain !== true || this.#plain[number] !== true) {
        isForAll = false;
        const value = this.#values[number];
        if (value === undefined || !where(value)) continue;
      }
      total += 1;
      const score = scores[number] ?? 0;
      if (cursor !== undefined && bestFirst({ id: this.#ids[number] ?? "", score }, cursor) <= 0) continue;
      past += 1;
      bestOf.offer(number, score);
    }
    const hits = bestOf.sorted().slice(offset);
    const last = hits.at(-1);
    const items = hits.map(({ number }) => this.#values[number]).filter((value) => value !== undefined);
    const hasNext = last !== undefined && past > offset + limit;
    return { page: { items, total, ...(hasNext ? { next: last.id } : {}) }, isForAll };
  }

  #match(question: string): { numbers: number[]; scores: Float64Array } {
    const words = [...plainWordsOf(question)].slice(0, MAX_WORDS);
    const scores = new Float64Array(this.#ids.length);
    /** How many words of the question a document has, up to now. */
    const matched = new Uint8Array(this.#ids.length);
    const best = new Float64Array(this.#ids.length);
    let numbers: number[] = [];
    for (const [position, word] of words.entries()) {
      const touched: number[] = [];
      this.#words.forEachFrom(word, ({ numbers: all, weights }, each) => {
        if (!each.startsWith(word)) return false;
        const factor = each === word ? WHOLE : 1;
        for (let at = 0; at < all.length; at += 1) {
          const number = all[at] ?? 0;
          if (matched[number] !== position) continue;
          const score = (weights[at] ?? 0) * factor;
          const before = best[number] ?? 0;
          if (before === 0) touched.push(number);
          if (score > before) best[number] = score;
        }
        return true;
      });
      for (const number of touched) {
        matched[number] = position + 1;
        scores[number] = (scores[number] ?? 0) + (best[number] ?? 0);
        best[number] = 0;
      }
      numbers = touched;
    }
    return { numbers, scores };
  }
}

/** Keeps the best so many of what it is offered: a page is short, and what is found may be half of all. */
class BestOf {
  readonly #count: number;
  readonly #ids: readonly string[];
  #hits: { id: string; number: number; score: number }[] = [];
  /** One that is not better than this is none of the best. */
  #bar: Ranked | undefined;

  constructor(count: number, ids: readonly string[]) {
    this.#count = count;
    this.#ids = ids;
  }

  offer(number: number, score: number): void {
    const bar = this.#bar;
    if (bar !== undefined && score < bar.score) return;
    const id = this.#ids[number] ?? "";
    if (bar !== undefined && score === bar.score && id > bar.id) return;
    this.#hits.push({ id, number, score });
    if (this.#hits.length >= 2 * this.#count + 64) this.#cut();
  }

  sorted(): readonly { id: string; number: number }[] {
    this.#cut();
    return this.#hits;
  }

  #cut(): void {
    this.#hits = this.#hits.sort(bestFirst).slice(0, this.#count);
    if (this.#hits.length === this.#count) this.#bar = this.#hits.at(-1);
  }
}

type Ranked = Pick<Hit<unknown>, "id" | "score">;

export function bestFirst(one: Ranked, other: Ranked): number {
  return other.score - one.score || (one.id < other.id ? -1 : Number(one.id > other.id));
}

/** Each word with what it counts where it counts most. */
export function weightedWords(texts: readonly WeightedText[]): Map<string, number> {
  const weights = new Map<string, number>();
  for (const { text, weight } of texts) {
    for (const word of wordsOf(text)) weights.set(word, Math.max(weight, weights.get(word) ?? 0));
  }
  return weights;
}

/** In no order: the last one takes its place. */
function removeAt({ numbers, weights }: Postings, position: number): void {
  const [number, weight] = [numbers.pop(), weights.pop()];
  if (position < 0 || position >= numbers.length || number === undefined || weight === undefined) return;
  numbers[position] = number;
  weights[position] = weight;
}
