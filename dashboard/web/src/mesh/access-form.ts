import type { AccessPolicy } from "./types.js";

/** An access policy as texts of a form; names separated by commas. */
export interface AccessForm {
  consumers: string;
  roles: string;
  domains: string;
  autoApprove: boolean;
}

export function toAccessForm(policy: AccessPolicy | undefined): AccessForm {
  const { consumers = [], roles = [], domains = [], autoApprove = false } = policy ?? {};
  return {
    consumers: consumers.join(", "),
    roles: roles.join(", "),
    domains: domains.join(", "),
    autoApprove,
  };
}

/** Nothing where nobody is named: whoever asks then waits for the owner. */
export function accessPolicyOf({ consumers, roles, domains, autoApprove }: AccessForm): {
  accessPolicy?: AccessPolicy;
} {
  const policy = { consumers: names(consumers), roles: names(roles), domains: names(domains), autoApprove };
  const named = policy.consumers.length + policy.roles.length + policy.domains.length;
  return named === 0 ? {} : { accessPolicy: policy };
}

function names(text: string): string[] {
  return text
    .split(",")
    .map((name) => name.trim())
    .filter(Boolean);
}
