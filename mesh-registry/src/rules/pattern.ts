import { compileNode, type Instruction } from "./pattern-program.js";
import { type PatternNode, PatternProblem, parsePattern } from "./pattern-syntax.js";

/** Longer ones are several rules. */
export const MAX_PATTERN_LENGTH = 200; // characters
/** What is searched: descriptions and the like are shorter. */
export const MAX_SEARCHED_LENGTH = 10_000; // characters

export interface Pattern {
  /**
   * Whether some part of the text fits. Takes time in proportion to (length of the text) × (size of the
   * pattern), whatever both are. `undefined` of a text longer than {@link MAX_SEARCHED_LENGTH}.
   */
  fits(text: string): boolean | undefined;
}

/**
 * Compiles the part of regular expressions that a finite automaton decides: characters, `.`, classes (`[a-z]`,
 * `[^,]`, `\d \w \s` and their opposites), groups, `|`, `* + ? {2} {2,} {2,5}`, `^` and `$`; what is found means
 * what it means in JavaScript with the flag `u`. There are no back-references and no looking around, and so no
 * text that makes the search slow: all ways to match are followed at once (Thompson, CACM 11 (6), 1968). Never throws.
 */
export function compilePattern(
  pattern: string,
): { ok: true; value: Pattern } | { ok: false; detail: string; at: number } {
  if (pattern.length > MAX_PATTERN_LENGTH) {
    return { ok: false, at: MAX_PATTERN_LENGTH, detail: `at most ${MAX_PATTERN_LENGTH} characters long` };
  }
  let program: readonly Instruction[];
  try {
    const node: PatternNode = parsePattern(pattern);
    program = compileNode(node);
  } catch (error) {
    if (error instanceof PatternProblem) {
      return { ok: false, at: error.at, detail: `${error.message} (character ${error.at + 1} of it)` };
    }
    throw error;
  }
  return {
    ok: true,
    value: { fits: (text) => (text.length > MAX_SEARCHED_LENGTH ? undefined : search(program, text)) },
  };
}

function search(program: readonly Instruction[], text: string): boolean {
  const characters = Array.from(text);
  // The position at which each instruction was last reached: each is followed once a position.
  const reached = new Int32Array(program.length).fill(-1);
  let threads: number[] = [];
  for (let at = 0; ; at++) {
    const pending = [0, ...threads]; // a match may begin at any position
    const waiting: number[] = [];
    for (let pc = pending.pop(); pc !== undefined; pc = pending.pop()) {
      if (reached[pc] === at) continue;
      reached[pc] = at;
      const instruction = program[pc];
      switch (instruction?.do) {
        case "match":
          return true;
        case "split":
          pending.push(instruction.other, instruction.next);
          break;
        case "start":
          if (at === 0) pending.push(pc + 1);
          break;
        case "finish":
          if (at === characters.length) pending.push(pc + 1);
          break;
        case "take":
          waiting.push(pc);
          break;
        case undefined:
          throw new RangeError(`no instruction ${pc}`);
      }
    }
    const character = characters[at];
    if (character === undefined) return false;
    threads = [];
    for (const pc of waiting) {
      const instruction = program[pc];
      if (instruction?.do === "take" && instruction.takes(character)) threads.push(pc + 1);
    }
  }
}
