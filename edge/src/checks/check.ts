import type { Rule, RuleKind } from "@fieldmesh/protocol";
import type { Verdict } from "../worker-messages.js";

/** The rule of one kind; `above` and `below` share a shape. */
export type RuleOf<K extends RuleKind> = Rule extends infer R extends Rule
  ? R extends unknown
    ? K extends R["kind"]
      ? R & { kind: K }
      : never
    : never
  : never;

/** Judges the good values of one sensor by one rule, in the order in which they came. */
export interface Check {
  /** `atMs` never goes back; it is the worker's monotonic clock, or the file's time where a driver stamps. */
  judge(value: number | boolean, atMs: number): Verdict;
}
