import { parseRule, type Rule } from "@fieldmesh/protocol";
import type { ValueType } from "../config/types.js";
import { CommandError } from "./command-error.js";

/**
 * The rule with other limits. `set` comes from the network: fields that this kind of rule does not have are
 * refused by name, and `null` takes an optional one away.
 * @throws CommandError bad_args.
 */
export function changeRule(rule: Rule, set: Record<string, unknown>, valueType: ValueType): Rule {
  const merged = new Map<string, unknown>(Object.entries(rule));
  for (const [field, value] of Object.entries(set)) {
    if (value === null) merged.delete(field);
    else merged.set(field, value);
  }
  const parsed = parseRule(Object.fromEntries(merged));
  if (!parsed.ok) {
    throw new CommandError(
      "bad_args",
      parsed.detail,
      parsed.field === undefined ? "set" : `set.${parsed.field}`,
    );
  }
  for (const field of Object.keys(set)) {
    if (set[field] !== null && !Object.hasOwn(parsed.value, field)) {
      const fields = Object.keys(rule).filter((name) => name !== "id" && name !== "kind");
      throw new CommandError(
        "bad_args",
        `a rule of kind ${rule.kind} has no such field; it has ${fields.join(", ")}`,
        `set.${field}`,
      );
    }
  }
  if (parsed.value.kind === "equals" && typeof parsed.value.value !== valueType) {
    throw new CommandError("bad_args", `expected a ${valueType}, as the sensor gives`, "set.value");
  }
  return parsed.value;
}
