const CONSONANTS = "bdfgklmnprst";
const VOWELS = "aeiou";
const VOCABULARY = 3_000;

/** So that products differ as those of a company do: some words are everywhere, most are rare. */
function word(n: number): string {
  let rest = n;
  let made = "";
  for (let syllable = 0; syllable < 3; syllable += 1) {
    made += CONSONANTS[rest % CONSONANTS.length] ?? "";
    rest = Math.floor(rest / CONSONANTS.length);
    made += VOWELS[(rest + syllable) % VOWELS.length] ?? "";
    rest = Math.floor(rest / VOWELS.length);
  }
  return made;
}

/** Of a product's texts: the lower its number, the more products have it. */
function drawn(seed: number): string {
  const share = ((seed * 2_654_435_761) % 4_294_967_296) / 4_294_967_296;
  return word(Math.floor(VOCABULARY * share * share));
}

/** The n-th product; ids come in no order. */
export function productOf(n: number): object {
  const [one, two] = [drawn(n * 3 + 1), drawn(n * 3 + 2)];
  return {
    id: `${one}-${two}-${(n * 7_919) % 1_000_003}`,
    domain: "sales",
    owner: `${drawn(n * 3)}@example.org`,
    status: "active",
    visibility: "public",
    description: `Data of ${one} with details of each ${two}, by ${drawn(n + 7)} and ${drawn(n + 11)}`,
    tags: [drawn(n * 5), drawn(n * 5 + 1)],
  };
}

/** What the n-th person looks for: a word, its beginning, or two words. */
export function questionOf(n: number): string {
  const one = drawn(n * 13 + 5);
  if (n % 3 === 0) return one;
  return n % 3 === 1 ? one.slice(0, 3) : `${one} ${drawn(n * 17 + 3).slice(0, 2)}`;
}
