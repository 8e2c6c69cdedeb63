/** A word is cut to so many characters. */
const MAX_WORD = 40;

/** Of one part: told quickly, as most words are. */
const PLAIN_RUN = /^(?:[A-Z]?[a-z]+|[0-9]+)$/;
const BEYOND_ASCII = /[\u0080-\uffff]/;

/**
 * The words of a text, each once, without case and accents: `Größe orderId` is `große`, `orderid`, `order`, `id`.
 * A word that is written in humps is also its parts.
 */
export function wordsOf(text: string): Set<string> {
  const found = new Set<string>();
  for (const run of runsOf(text)) {
    found.add(cut(run));
    if (PLAIN_RUN.test(run)) continue;
    const parts = run.match(/\p{Lu}+(?!\p{Ll})|\p{Lu}?[^\p{Lu}\p{N}]+|\p{N}+/gu) ?? [];
    if (parts.length > 1) for (const part of parts) found.add(cut(part));
  }
  return found;
}

/** The same without parts: of a question each word is meant as it is. */
export function plainWordsOf(text: string): Set<string> {
  return new Set(runsOf(text).map(cut));
}

function runsOf(text: string): string[] {
  if (!BEYOND_ASCII.test(text)) return text.match(/[A-Za-z0-9]+/g) ?? [];
  return (
    text
      .normalize("NFKD")
      .replace(/\p{Mn}/gu, "")
      .match(/[\p{L}\p{N}]+/gu) ?? []
  );
}

function cut(word: string): string {
  return word.toLowerCase().slice(0, MAX_WORD);
}
