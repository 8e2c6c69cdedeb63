import { SortedEntries } from "../store/sorted-entries.js";
import { wordsOf } from "./words.js";

/** A text of a document, and how much a word in it counts. */
export interface WeightedText {
  text: string;
  weight: number;
}

export interface Hit {
  id: string;
  score: number;
}

/** Of a question; more words are passed over. */
export const MAX_WORDS = 10;
/** A whole word counts more than one that only begins with what was asked. */
export const WHOLE = 2;

/**
 * Which document has which words, as an inverted index in memory. Documents have numbers, so that scores are kept
 * in arrays: a question that half of all documents answer takes a few ms of some ten thousand.
 */
export class WordIndex {
  /** Word → number of the document → what the word counts there at most. */
  readonly #words = new SortedEntries<Map<number, number>>();
  readonly #numbers = new Map<string, number>();
  readonly #ids: (string | undefined)[] = [];
  readonly #wordsOf: (readonly string[])[] = [];
  readonly #free: number[] = [];

  get size(): number {
    return this.#numbers.size;
  }

  put(id: string, texts: readonly WeightedText[]): void {
    this.remove(id);
    const number = this.#free.pop() ?? this.#ids.length;
    const weights = weightedWords(texts);
    this.#numbers.set(id, number);
    this.#ids[number] = id;
    this.#wordsOf[number] = [...weights.keys()];
    for (const [word, weight] of weights) {
      let postings = this.#words.get(word);
      if (postings === undefined) {
        postings = new Map();
        this.#words.set(word, postings);
      }
      postings.set(number, weight);
    }
  }

  remove(id: string): void {
    const number = this.#numbers.get(id);
    if (number === undefined) return;
    for (const word of this.#wordsOf[number] ?? []) {
      const postings = this.#words.get(word);
      postings?.delete(number);
      if (postings?.size === 0) this.#words.delete(word);
    }
    this.#numbers.delete(id);
    this.#ids[number] = undefined;
    this.#wordsOf[number] = [];
    this.#free.push(number);
  }

  /** Documents that have every word of the question, best first, else by id. None when it has no words. */
  find(question: string): Hit[] {
    const words = [...wordsOf(question)].slice(0, MAX_WORDS);
    const scores = new Float64Array(this.#ids.length);
    /** How many words of the question a document has, up to now. */
    const matched = new Uint8Array(this.#ids.length);
    const best = new Float64Array(this.#ids.length);
    let found: number[] = [];
    for (const [position, word] of words.entries()) {
      const touched: number[] = [];
      this.#words.forEachFrom(word, (postings, each) => {
        if (!each.startsWith(word)) return false;
        const factor = each === word ? WHOLE : 1;
        for (const [number, weight] of postings) {
          if (matched[number] !== position) continue;
          const before = best[number] ?? 0;
          if (before === 0) touched.push(number);
          if (weight * factor > before) best[number] = weight * factor;
        }
        return true;
      });
      for (const number of touched) {
        matched[number] = position + 1;
        scores[number] = (scores[number] ?? 0) + (best[number] ?? 0);
        best[number] = 0;
      }
      found = touched;
    }
    const hits = found.map((number) => ({ id: this.#ids[number] ?? "", score: scores[number] ?? 0 }));
    return hits.sort(bestFirst);
  }
}

export function bestFirst(one: Hit, other: Hit): number {
  return other.score - one.score || (one.id < other.id ? -1 : 1);
}

/** Each word with what it counts where it counts most. */
export function weightedWords(texts: readonly WeightedText[]): Map<string, number> {
  const weights = new Map<string, number>();
  for (const { text, weight } of texts) {
    for (const word of wordsOf(text)) weights.set(word, Math.max(weight, weights.get(word) ?? 0));
  }
  return weights;
}
