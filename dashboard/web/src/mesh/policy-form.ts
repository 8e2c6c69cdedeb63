import type { Policy, PolicyScope, PolicyType, PolicyUpdate } from "./governance-types.js";

export const SCOPE_KINDS = ["global", "domain", "product", "tag"] as const;
export type ScopeKind = PolicyScope["kind"];

/** A policy as texts of a form. */
export interface PolicyForm {
  id: string;
  name: string;
  type: PolicyType;
  scope: ScopeKind;
  /** The domain, product or tag. */
  of: string;
  enforcement: PolicyUpdate["enforcement"];
  /** One each field; empty ones are left out. */
  rules: string[];
  description: string;
}

export const NEW_POLICY: PolicyForm = {
  id: "",
  name: "",
  type: "quality",
  scope: "global",
  of: "",
  enforcement: "mandatory",
  rules: [""],
  description: "",
};

export function toPolicyForm({ scope, ...policy }: Policy): PolicyForm {
  const { id, name, type, enforcement, rules, description } = policy;
  return { id, name, type, scope: scope.kind, of: scopeName(scope), enforcement, rules, description };
}

/** Rules that are empty are none; {@link sentIndex} finds a rule's field again. */
export function policyOf({ id, name, type, scope, of, enforcement, rules, description }: PolicyForm): {
  id: string;
  update: PolicyUpdate;
} {
  const said = rules.map((rule) => rule.trim()).filter(Boolean);
  const update = { type, scope: scopeOf(scope, of.trim()), enforcement, rules: said, description };
  return { id: id.trim(), update: { name: name.trim() || id.trim(), ...update } };
}

/** Which of the sent rules stands in a field of the form; undefined where that is empty. */
export function sentIndex(rules: readonly string[], field: number): number | undefined {
  if (rules[field]?.trim() === "") return undefined;
  return rules.slice(0, field).filter((rule) => rule.trim() !== "").length;
}

function scopeOf(kind: ScopeKind, of: string): PolicyScope {
  switch (kind) {
    case "global":
      return { kind };
    case "domain":
      return { kind, domain: of };
    case "product":
      return { kind, product: of };
    case "tag":
      return { kind, tag: of };
  }
}

function scopeName(scope: PolicyScope): string {
  switch (scope.kind) {
    case "global":
      return "";
    case "domain":
      return scope.domain;
    case "product":
      return scope.product;
    case "tag":
      return scope.tag;
  }
}

/** Which products a policy is for, in words. */
export function scopeText(scope: PolicyScope): string {
  return scope.kind === "global" ? "every product" : `${SCOPE_WORD[scope.kind]} ${scopeName(scope)}`;
}

const SCOPE_WORD = { domain: "domain", product: "product", tag: "products tagged" } as const;
