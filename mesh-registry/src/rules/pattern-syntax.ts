/** A pattern as a tree. */
export type PatternNode =
  | { kind: "take"; takes: (character: string) => boolean }
  | { kind: "start" | "finish" }
  | { kind: "sequence"; parts: readonly PatternNode[] }
  | { kind: "choice"; ways: readonly PatternNode[] }
  /** `max` is absent where there is no end. */
  | { kind: "repeat"; part: PatternNode; min: number; max?: number };

type Takes = (character: string) => boolean;

/** Why a text is no pattern: the message says what was expected `at` that character. */
export class PatternProblem extends Error {
  readonly at: number;

  constructor(at: number, expected: string) {
    super(expected);
    this.name = "PatternProblem";
    this.at = at;
  }
}

const digit: Takes = (c) => c >= "0" && c <= "9";
const word: Takes = (c) => /^[A-Za-z0-9_]$/.test(c);
const space: Takes = (c) => /^\s$/u.test(c);
const not =
  (takes: Takes): Takes =>
  (c) =>
    !takes(c);

const SETS: ReadonlyMap<string, Takes> = new Map([
  ["d", digit],
  ["D", not(digit)],
  ["w", word],
  ["W", not(word)],
  ["s", space],
  ["S", not(space)],
]);
const CONTROLS: ReadonlyMap<string, string> = new Map([
  ["n", "\n"],
  ["r", "\r"],
  ["t", "\t"],
]);
const SYNTAX = "^$\\.*+?()[]{}|/";
const MAX_REPEAT = 1_000;

/** @throws {PatternProblem} */
export function parsePattern(text: string): PatternNode {
  return new PatternParser(Array.from(text)).whole();
}

class PatternParser {
  readonly #characters: readonly string[];
  #at = 0;

  constructor(characters: readonly string[]) {
    this.#characters = characters;
  }

  whole(): PatternNode {
    const node = this.#choice();
    if (this.#at < this.#characters.length) throw this.#expected('a "(" for this ")"');
    return node;
  }

  #choice(): PatternNode {
    const first = this.#sequence();
    if (this.#peek() !== "|") return first;
    const ways = [first];
    while (this.#take("|")) ways.push(this.#sequence());
    return { kind: "choice", ways };
  }

  #sequence(): PatternNode {
    const parts: PatternNode[] = [];
    for (let c = this.#peek(); c !== undefined && c !== "|" && c !== ")"; c = this.#peek()) {
      parts.push(this.#repeated(this.#one()));
    }
    return { kind: "sequence", parts };
  }

  #repeated(part: PatternNode): PatternNode {
    const at = this.#at;
    const bounds = this.#bounds();
    if (bounds === undefined) return part;
    if (part.kind === "start" || part.kind === "finish") {
      throw new PatternProblem(at, "something to repeat before this");
    }
    this.#take("?"); // as few as possible: the same to a search that only says whether
    return { kind: "repeat", part, ...bounds };
  }

  #bounds(): { min: number; max?: number } | undefined {
    if (this.#take("*")) return { min: 0 };
    if (this.#take("+")) return { min: 1 };
    if (this.#take("?")) return { min: 0, max: 1 };
    if (!this.#take("{")) return undefined;
    const min = this.#number();
    if (this.#take("}")) return { min, max: min };
    if (!this.#take(",")) throw this.#expected('"," or "}"');
    if (this.#take("}")) return { min };
    const max = this.#number();
    if (max < min || !this.#take("}")) throw this.#expected(`"}" after a number from ${min}`);
    return { min, max };
  }

  #number(): number {
    let digits = "";
    for (let c = this.#peek(); c !== undefined && digit(c); c = this.#peek()) {
      digits += c;
      this.#at++;
    }
    const value = Number(digits);
    if (digits === "" || value > MAX_REPEAT) throw this.#expected(`a number up to ${MAX_REPEAT}`);
    return value;
  }

  #one(): PatternNode {
    const c = this.#next();
    switch (c) {
      case "^":
        return { kind: "start" };
      case "$":
        return { kind: "finish" };
      case ".":
        return { kind: "take", takes: (x) => !"\n\r\u2028\u2029".includes(x) };
      case "(":
        return this.#group();
      case "[":
        return { kind: "take", takes: this.#class() };
      case "\\": {
        const escaped = this.#escaped(SYNTAX);
        return { kind: "take", takes: typeof escaped === "string" ? (x) => x === escaped : escaped };
      }
      case "*":
      case "+":
      case "?":
      case "{":
      case "}":
      case "]":
        this.#at--;
        throw this.#expected(`"\\${c}" where the character itself is meant`);
      default:
        return { kind: "take", takes: (x) => x === c };
    }
  }

  #group(): PatternNode {
    if (this.#take("?") && !this.#take(":")) throw this.#expected('"(…)" or "(?:…)"');
    const node = this.#choice();
    if (!this.#take(")")) throw this.#expected('")"');
    return node;
  }

  #class(): Takes {
    const opposite = this.#take("^");
    const members: Takes[] = [];
    while (!this.#take("]")) members.push(this.#member());
    if (members.length === 0) throw this.#expected('a character before "]"');
    const any: Takes = (c) => members.some((takes) => takes(c));
    return opposite ? not(any) : any;
  }

  #member(): Takes {
    const from = this.#classCharacter();
    if (typeof from !== "string") return from;
    if (this.#peek() !== "-" || this.#characters[this.#at + 1] === "]") return (c) => c === from;
    this.#at++;
    const to = this.#classCharacter();
    if (typeof to !== "string" || code(to) < code(from)) {
      throw this.#expected(`a range that begins at ${JSON.stringify(from)} to end at no lower character`);
    }
    return (c) => code(c) >= code(from) && code(c) <= code(to);
  }

  #classCharacter(): string | Takes {
    const c = this.#next();
    return c === "\\" ? this.#escaped(`${SYNTAX}-`) : c;
  }

  #escaped(literals: string): string | Takes {
    const c = this.#next();
    const known = SETS.get(c) ?? CONTROLS.get(c) ?? (literals.includes(c) ? c : undefined);
    if (known === undefined) {
      this.#at--;
      throw this.#expected("one of d D w W s S n r t or a character of the syntax after the backslash");
    }
    return known;
  }

  #next(): string {
    const c = this.#characters[this.#at];
    if (c === undefined) throw this.#expected("more before its end");
    this.#at++;
    return c;
  }

  #peek(): string | undefined {
    return this.#characters[this.#at];
  }

  #take(character: string): boolean {
    if (this.#peek() !== character) return false;
    this.#at++;
    return true;
  }

  #expected(what: string): PatternProblem {
    return new PatternProblem(this.#at, what);
  }
}

function code(character: string): number {
  return character.codePointAt(0) ?? 0;
}
