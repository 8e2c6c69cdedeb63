import { type PatternNode, PatternProblem } from "./pattern-syntax.js";

/** One step of the automaton; after `take`, `start` and `finish` it goes on with the next one. */
export type Instruction =
  | { do: "take"; takes: (character: string) => boolean }
  /** Goes both ways. */
  | { do: "split"; next: number; other: number }
  | { do: "start" | "finish" | "match" };

/** Counted repetitions are written out, within one another too: bounds memory and the time of a search. */
const MAX_STEPS = 1_000;
/** Also bounds what writes out to nothing, as `(){1000}`. */
const MAX_VISITS = 10_000;

/** @throws {PatternProblem} when it writes out to more than {@link MAX_STEPS} steps. */
export function compileNode(node: PatternNode): readonly Instruction[] {
  const program: Instruction[] = [];
  let visits = 0;

  const emit = (instruction: Instruction): number => {
    if (program.length >= MAX_STEPS) throw tooLarge();
    return program.push(instruction) - 1;
  };
  const splitTo = (at: number, next: number, other: number): void => {
    program[at] = { do: "split", next, other };
  };
  const optional = (part: PatternNode): void => {
    const split = emit({ do: "split", next: 0, other: 0 });
    visit(part);
    splitTo(split, split + 1, program.length);
  };
  const visit = (part: PatternNode): void => {
    if (++visits > MAX_VISITS) throw tooLarge();
    switch (part.kind) {
      case "take":
        emit({ do: "take", takes: part.takes });
        return;
      case "start":
      case "finish":
        emit({ do: part.kind });
        return;
      case "sequence":
        part.parts.forEach(visit);
        return;
      case "choice":
        choose(part.ways);
        return;
      case "repeat":
        for (let n = 0; n < part.min; n++) visit(part.part);
        if (part.max === undefined) loop(part.part);
        else for (let n = part.min; n < part.max; n++) optional(part.part);
    }
  };
  const choose = (ways: readonly PatternNode[]): void => {
    const ends: number[] = [];
    ways.forEach((way, i) => {
      if (i === ways.length - 1) {
        visit(way);
        return;
      }
      const split = emit({ do: "split", next: 0, other: 0 });
      visit(way);
      ends.push(emit({ do: "split", next: 0, other: 0 }));
      splitTo(split, split + 1, program.length);
    });
    for (const end of ends) splitTo(end, program.length, program.length);
  };
  const loop = (part: PatternNode): void => {
    const split = emit({ do: "split", next: 0, other: 0 });
    visit(part);
    emit({ do: "split", next: split, other: split });
    splitTo(split, split + 1, program.length);
  };

  visit(node);
  program.push({ do: "match" });
  return program;
}

function tooLarge(): PatternProblem {
  return new PatternProblem(0, `one that writes out to at most ${MAX_STEPS} steps`);
}
