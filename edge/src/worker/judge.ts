import type { Rule } from "@fieldmesh/protocol";
import type { Check } from "../checks/check.js";
import { createCheck } from "../checks/registry.js";
import type { Verdict } from "../worker-messages.js";

/** The rules of one sensor that values are judged by: all but `missing`. */
export class Judge {
  readonly #checks = new Map<string, Check>();

  constructor(rules: readonly Rule[]) {
    for (const rule of rules) this.setRule(rule);
  }

  /** What a check had seen under the former rule is forgotten. */
  setRule(rule: Rule): void {
    const check = createCheck(rule);
    if (check === undefined) this.#checks.delete(rule.id);
    else this.#checks.set(rule.id, check);
  }

  /** The verdict of each rule on a good or uncertain value. */
  judge(value: number | boolean, atMs: number): Record<string, Verdict> {
    const verdicts: Record<string, Verdict> = {};
    for (const [id, check] of this.#checks) verdicts[id] = check.judge(value, atMs);
    return verdicts;
  }

  /** The verdict of one rule alone; `undefined` when it judges no values. */
  judgeOne(rule: string, value: number | boolean, atMs: number): Verdict | undefined {
    return this.#checks.get(rule)?.judge(value, atMs);
  }

  /** For a bad reading: nothing is known. */
  unjudged(): Record<string, Verdict> {
    const verdicts: Record<string, Verdict> = {};
    for (const id of this.#checks.keys()) verdicts[id] = "unjudged";
    return verdicts;
  }
}
