import { governancePolicyInput } from "@fieldmesh/mesh-registry";
import type { GovernancePolicy, RuleCompliance } from "@fieldmesh/mesh-registry/client";
import { type Terminal, table, writeLine } from "../terminal.js";
import { parseResource, readText } from "./file-input.js";
import { facts, print, type RegistryOptions, when, withMesh } from "./registry.js";

export async function listPolicies(options: RegistryOptions, terminal: Terminal): Promise<void> {
  const policies = await withMesh(options, terminal, (mesh) => mesh.policies.list());
  const rows = policies.map(({ id, type, enforcement, scope, rules }) => [
    id,
    type,
    scopeOf(scope),
    enforcement,
    rules.join("; "),
  ]);
  await print(terminal, options, policies, () =>
    table([["POLICY", "TYPE", "SCOPE", "ENFORCEMENT", "RULES"], ...rows]),
  );
}

export async function showPolicy(id: string, options: RegistryOptions, terminal: Terminal): Promise<void> {
  const policy = await withMesh(options, terminal, (mesh) => mesh.policies.get(id));
  await print(terminal, options, policy, () => described(policy));
}

/** Makes the policy of a file, or changes the one that there is. */
export async function putPolicy(
  file: string,
  options: RegistryOptions & { replace?: boolean },
  terminal: Terminal,
): Promise<void> {
  const { id, ...said } = parseResource(await readText(file, terminal), file, governancePolicyInput);
  const policy = await withMesh(options, terminal, (mesh) =>
    options.replace === true ? mesh.policies.change(id, () => said) : mesh.policies.create({ id, ...said }),
  );
  await print(terminal, options, policy, () => `${options.replace === true ? "changed" : "made"} ${id}`);
}

export async function removePolicy(id: string, options: RegistryOptions, terminal: Terminal): Promise<void> {
  await withMesh(options, terminal, (mesh) => mesh.policies.remove(id));
  await print(terminal, options, { removed: id }, () => `removed ${id}`);
}

/** Of one product its rules, of all how each stands. @returns whether any fails */
export async function showCompliance(
  product: string | undefined,
  options: RegistryOptions & { history?: boolean },
  terminal: Terminal,
): Promise<boolean> {
  if (product === undefined) {
    const all = await withMesh(options, terminal, (mesh) => mesh.compliance.list());
    const rows = all.map(({ product: of, state, passed, failed, unknown, since, reason }) => [
      of,
      state,
      String(passed),
      String(failed),
      String(unknown),
      when(since),
      reason,
    ]);
    await print(terminal, options, all, () =>
      table([["PRODUCT", "STATE", "PASS", "FAIL", "UNKNOWN", "SINCE", "WHY"], ...rows]),
    );
    return all.some(({ state }) => state === "fail");
  }
  if (options.history === true) {
    const changes = await withMesh(options, terminal, (mesh) => mesh.compliance.history(product));
    const rows = changes.map(({ at, before, state, rules }) => [
      when(at),
      before ?? "",
      state,
      rules
        .map(({ policy, rule, verdict }) => `${policy}: ${rule}: ${verdict ?? "not asked any more"}`)
        .join("; "),
    ]);
    await print(terminal, options, changes, () => table([["AT", "BEFORE", "STATE", "RULES"], ...rows]));
    return false;
  }
  const report = await withMesh(options, terminal, (mesh) => mesh.compliance.of(product));
  await print(terminal, options, report, () =>
    [`${product}: ${report.state}: ${report.reason}`, "", rulesTable(report.rules)].join("\n"),
  );
  return report.state === "fail";
}

export function rulesTable(rules: readonly RuleCompliance[]): string {
  const rows = rules.map(({ policy, enforcement, rule, verdict, source, at, reason }) => [
    policy,
    enforcement,
    rule,
    verdict,
    source,
    when(at),
    reason,
  ]);
  return table([["POLICY", "ENFORCEMENT", "RULE", "VERDICT", "SOURCE", "AT", "WHY"], ...rows]);
}

export async function showReport(
  options: RegistryOptions & { markdown?: boolean },
  terminal: Terminal,
): Promise<void> {
  await withMesh(options, terminal, async (mesh) => {
    if (options.json === true)
      await writeLine(terminal.stdout, JSON.stringify(await mesh.generateMeshReport()));
    // For people, too: Markdown is made to be read as it is.
    else await writeLine(terminal.stdout, await mesh.reportMarkdown(), "");
  });
}

function scopeOf(scope: GovernancePolicy["scope"]): string {
  const { kind, ...rest } = scope;
  const [name] = Object.values(rest);
  return name === undefined ? kind : `${kind} ${name}`;
}

function described({
  id,
  name,
  type,
  scope,
  enforcement,
  rules,
  description,
  updatedAt,
}: GovernancePolicy): string {
  return facts([
    ["policy", id],
    ["name", name],
    ["type", type],
    ["scope", scopeOf(scope)],
    ["enforcement", enforcement],
    ["description", description],
    ...rules.map((rule) => ["rule", rule] as [string, string]),
    ["changed", when(updatedAt)],
  ]);
}
