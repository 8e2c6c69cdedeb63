import { compilePattern } from "./pattern.js";
import { dimensionOf, metricName } from "./quantity.js";
import { COMPARISONS, type Comparison, type Rule, UNITS, type Unit } from "./rule.js";
import { type Token, tokensOf } from "./tokens.js";

/** A rule is a sentence, not a program: longer ones are several rules. */
export const MAX_RULE_LENGTH = 2_000; // characters
/** Of parentheses and `not` within one another: bounds the parser's own stack. */
const MAX_DEPTH = 50;

/** Where and why a text is not a rule. */
export interface RuleFault {
  /** One sentence for people. */
  message: string;
  /** From 1. */
  line: number;
  /** From 1, in UTF-16 units. */
  column: number;
  /** From 0, in UTF-16 units. */
  offset: number;
  /** What stands there. */
  found: string;
  /** What could stand there. */
  expected: readonly string[];
}

export type ParsedRule = { ok: true; rule: Rule } | { ok: false; fault: RuleFault };

/**
 * Reads a governance rule. Never throws.
 *
 * ```text
 * rule       = all { "or" all }
 * all        = one { "and" one }
 * one        = "not" one | "(" rule ")" | call | comparison | word
 * call       = "has" "(" word ")" | "tagged" "(" (word | text) ")" | "matches" "(" word "," text ")"
 * comparison = word (">=" | ">" | "<=" | "<" | "==" | "!=") number ["%" | "ms" | "s" | "m" | "h" | "d"]
 * ```
 * `and`, `or` and `not` are read in any case and cannot be names.
 */
export function parseRule(text: string): ParsedRule {
  if (text.length > MAX_RULE_LENGTH) {
    return refusal(text, MAX_RULE_LENGTH, `${text.length} characters`, [
      `a rule of at most ${MAX_RULE_LENGTH} characters`,
    ]);
  }
  try {
    return { ok: true, rule: new Parser(tokensOf(text)).whole() };
  } catch (error) {
    if (error instanceof Stop) return refusal(text, error.offset, error.found, error.expected);
    throw error;
  }
}

/** Carries a fault out of the parser's recursion; it never leaves this file. */
class Stop extends Error {
  readonly offset: number;
  readonly found: string;
  readonly expected: readonly string[];

  constructor(offset: number, found: string, expected: readonly string[]) {
    super("not a rule");
    this.offset = offset;
    this.found = found;
    this.expected = expected;
  }
}

class Parser {
  readonly #tokens: readonly Token[];
  #at = 0;
  #depth = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  whole(): Rule {
    const rule = this.#or();
    if (this.#peek().kind !== "end") this.#stop(["and", "or", "end of the rule"]);
    return rule;
  }

  #or(): Rule {
    return this.#chain("or", () => this.#chain("and", () => this.#one()));
  }

  #chain(kind: "and" | "or", part: () => Rule): Rule {
    const first = part();
    if (!this.#keyword(kind)) return first;
    const rules = [first];
    do rules.push(part());
    while (this.#keyword(kind));
    return { kind, rules };
  }

  #one(): Rule {
    const token = this.#peek();
    if (this.#depth >= MAX_DEPTH) this.#stop([`at most ${MAX_DEPTH} levels of parentheses and "not"`]);
    this.#depth++;
    try {
      if (this.#keyword("not")) return { kind: "not", rule: this.#one() };
      if (this.#symbol("(")) {
        const rule = this.#or();
        this.#expect(")", ["and", "or", ")"]);
        return rule;
      }
    } finally {
      this.#depth--;
    }
    if (token.kind !== "word" || isKeyword(token.text)) {
      this.#stop(["a metric", "has(…)", "matches(…)", "tagged(…)", "an attested word", "not", "("]);
    }
    this.#at++;
    if (this.#symbol("(")) return this.#call(token);
    return this.#comparison(token.text) ?? { kind: "attested", claim: token.text };
  }

  #call(name: Token): Rule {
    switch (name.text) {
      case "has": {
        const field = this.#word("a field, as owner or metadata.format");
        this.#expect(")");
        return { kind: "has", field };
      }
      case "tagged": {
        const token = this.#peek();
        if (token.kind !== "word" && token.kind !== "string") this.#stop(["a tag"]);
        this.#at++;
        this.#expect(")");
        return { kind: "tagged", tag: token.kind === "string" ? token.value : token.text };
      }
      case "matches": {
        const field = this.#word("a field, as description");
        this.#expect(",");
        const pattern = this.#pattern();
        this.#expect(")");
        return { kind: "matches", field, pattern };
      }
      default:
        throw new Stop(name.offset, shownText(`${name.text}(`), ["has(…)", "matches(…)", "tagged(…)"]);
    }
  }

  #pattern(): string {
    const token = this.#peek();
    if (token.kind !== "string") this.#stop(['a pattern in quotes, as "^[A-Z]"']);
    this.#at++;
    const compiled = compilePattern(token.value);
    if (!compiled.ok) throw new Stop(token.offset, shownText(token.text), [`a pattern: ${compiled.detail}`]);
    return token.value;
  }

  #comparison(metric: string): Rule | undefined {
    const op = this.#operator();
    if (op === undefined) return undefined;
    const number = this.#peek();
    if (number.kind !== "number") this.#stop(["a number"]);
    this.#at++;
    const at = this.#peek();
    const unit = this.#unit();
    if (unit === undefined) return { kind: "metric", metric, op, value: number.value };
    const named = metricName(metric).unit;
    if (named !== undefined && dimensionOf(named) !== dimensionOf(unit)) {
      throw new Stop(at.offset, shownText(at.text), [`a unit that agrees with the name ${metric}`]);
    }
    return { kind: "metric", metric, op, value: number.value, unit };
  }

  #operator(): Comparison | undefined {
    const token = this.#peek();
    const op = token.kind === "symbol" ? COMPARISONS.find((o) => o === token.text) : undefined;
    if (op !== undefined) this.#at++;
    return op;
  }

  #unit(): Unit | undefined {
    const token = this.#peek();
    const unit = UNITS.find((u) => u === token.text);
    if (unit !== undefined) this.#at++;
    else if (token.kind === "word" && !isKeyword(token.text)) {
      this.#stop([`a unit (${UNITS.join(" ")})`, "and", "or", "end of the rule"]);
    }
    return unit;
  }

  #word(expected: string): string {
    const token = this.#peek();
    if (token.kind !== "word") this.#stop([expected]);
    this.#at++;
    return token.text;
  }

  #keyword(word: "and" | "or" | "not"): boolean {
    const token = this.#peek();
    if (token.kind !== "word" || token.text.toLowerCase() !== word) return false;
    this.#at++;
    return true;
  }

  #symbol(symbol: string): boolean {
    const token = this.#peek();
    if (token.kind !== "symbol" || token.text !== symbol) return false;
    this.#at++;
    return true;
  }

  #expect(symbol: string, expected: readonly string[] = [symbol]): void {
    if (!this.#symbol(symbol)) this.#stop(expected);
  }

  /** The last token is never passed: nothing takes an `end` or a `bad` one. */
  #peek(): Token {
    const token = this.#tokens[this.#at];
    if (token === undefined) throw new RangeError(`no token ${this.#at}`);
    return token;
  }

  #stop(expected: readonly string[]): never {
    const token = this.#peek();
    const found =
      token.kind === "end"
        ? "the end of the rule"
        : token.kind === "bad" && token.problem !== ""
          ? token.problem
          : shownText(token.text);
    throw new Stop(token.offset, found, expected);
  }
}

/** `and`, `or` and `not` in any case: no name may be one. */
export function isKeyword(text: string): boolean {
  return /^(?:and|or|not)$/i.test(text);
}

function shownText(text: string): string {
  return JSON.stringify(text.length > 40 ? `${text.slice(0, 37)}...` : text);
}

/** `a number, "and" or end of the rule`: words of the language are in quotes. */
export function alternatives(expected: readonly string[]): string {
  const shown = expected.map((each) => (isKeyword(each) || /^\W$/.test(each) ? `"${each}"` : each));
  const last = shown.pop() ?? "";
  return shown.length === 0 ? last : `${shown.join(", ")} or ${last}`;
}

function refusal(text: string, offset: number, found: string, expected: readonly string[]): ParsedRule {
  const before = text.slice(0, offset).split("\n");
  const line = before.length;
  const column = (before.at(-1)?.length ?? 0) + 1;
  const message = `line ${line}, column ${column}: found ${found}, expected ${alternatives(expected)}`;
  return { ok: false, fault: { message, line, column, offset, found, expected } };
}
