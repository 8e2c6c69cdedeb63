import { COMPARISONS } from "./rule.js";

/** A piece of a rule's text. `offset` counts UTF-16 units from 0, as a string's index does. */
export type Token = { offset: number; text: string } & (
  | { kind: "word" | "symbol" | "end" }
  | { kind: "number"; value: number }
  | { kind: "string"; value: string }
  /** Something that is no piece of a rule; `problem` says what is wrong with it. */
  | { kind: "bad"; problem: string }
);

const SPACE = /\s+/y;
const WORD = /[\p{L}_][\p{L}\p{N}_.-]*/uy;
const NUMBER = /[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const STRING = /"(?:[^"\\]|\\[\s\S])*"|'(?:[^'\\]|\\[\s\S])*'/y;
const SYMBOLS = [...COMPARISONS, "(", ")", ",", "%"];

/** True of what needs no quotes: a word as in `tagged(pii)`. */
export function isWord(text: string): boolean {
  WORD.lastIndex = 0;
  return WORD.exec(text)?.[0] === text;
}

/** In quotes, `\"`, `\'` and `\\` stand for the second character; any other backslash is itself, as in `"\d"`. */
export function unquote(literal: string): string {
  return literal.slice(1, -1).replace(/\\(["'\\])/g, "$1");
}

export function quote(text: string): string {
  return `"${text.replace(/["\\]/g, "\\$&")}"`;
}

/** Cuts a text into pieces; the last one is `end`, or the first that is `bad`. Each piece is looked at once. */
export function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  let offset = 0;
  const take = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = offset;
    return pattern.exec(text)?.[0];
  };
  for (;;) {
    offset += take(SPACE)?.length ?? 0;
    if (offset >= text.length) {
      tokens.push({ kind: "end", offset, text: "" });
      return tokens;
    }
    const token = next(text, offset, take);
    tokens.push(token);
    if (token.kind === "bad") return tokens;
    offset += token.text.length;
  }
}

function next(text: string, offset: number, take: (pattern: RegExp) => string | undefined): Token {
  const word = take(WORD);
  if (word !== undefined) return { kind: "word", offset, text: word };
  const number = take(NUMBER);
  if (number !== undefined) {
    const value = Number(number) + 0; // -0 is 0
    if (Number.isFinite(value)) return { kind: "number", offset, text: number, value };
    return { kind: "bad", offset, text: number, problem: "a number too large" };
  }
  const string = take(STRING);
  if (string !== undefined) return { kind: "string", offset, text: string, value: unquote(string) };
  const symbol = SYMBOLS.find((s) => text.startsWith(s, offset));
  if (symbol !== undefined) return { kind: "symbol", offset, text: symbol };
  const character = String.fromCodePoint(text.codePointAt(offset) ?? 0);
  const problem = character === '"' || character === "'" ? "a text without its closing quote" : "";
  return { kind: "bad", offset, text: character, problem };
}
