/** A word is cut to so many characters. */
const MAX_WORD = 40;

/**
 * The words of a text, each once, without case and accents: `Größe orderId` is `große`, `orderid`, `order`, `id`.
 * A word that is written in humps is also its parts.
 */
export function wordsOf(text: string): Set<string> {
  const found = new Set<string>();
  for (const [run] of text
    .normalize("NFKD")
    .replace(/\p{Mn}/gu, "")
    .matchAll(/[\p{L}\p{N}]+/gu)) {
    found.add(cut(run));
    const parts = run.match(/\p{Lu}+(?!\p{Ll})|\p{Lu}?[^\p{Lu}\p{N}]+|\p{N}+/gu) ?? [];
    if (parts.length > 1) for (const part of parts) found.add(cut(part));
  }
  return found;
}

function cut(word: string): string {
  return word.toLowerCase().slice(0, MAX_WORD);
}
