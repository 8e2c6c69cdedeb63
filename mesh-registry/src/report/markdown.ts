import type { MeshReport } from "../resources/report.js";

/** Characters that may begin something in CommonMark or GitHub's tables; each of them may be escaped (§2.4). */
const SPECIAL = /[\\`*_{}[\]<>()#+\-.!|~&=:@$^"']/g;
/** Turn the direction of what follows, or are not seen: names that look like others. */
const INVISIBLE = /[\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;

/** A text of somebody's as that text in Markdown, on one line: it is no markup, no HTML and no cell of a table. */
export function escapeMarkdown(text: string): string {
  return text
    .replace(INVISIBLE, "")
    .replace(/\s+/g, " ")
    .trim()
    .replace(SPECIAL, (character) =>
      character === "<" ? "&lt;" : character === "&" ? "&amp;" : `\\${character}`,
    );
}

/** The report as Markdown: everything that somebody named is escaped. */
export function toMarkdown(report: MeshReport): string {
  const { at, totals, compliance, violations, moreViolations, conflicts, domains, lineage, usage } = report;
  return `${[
    "# Mesh report",
    `As of ${time(at)}.`,
    table(
      ["domains", "products", "active", "drafts", "consumers", "policies"],
      [
        [
          totals.domains,
          totals.products,
          totals.byStatus.active,
          totals.byStatus.draft,
          totals.consumers,
          totals.policies,
        ],
      ],
    ),
    "## Compliance",
    `Pass: ${compliance.pass}, fail: ${compliance.fail}, unknown: ${compliance.unknown}.`,
    violations.length === 0
      ? "No rule fails."
      : table(
          ["product", "version", "domain", "owner", "policy", "rule", "why"],
          violations.map((each) => [
            each.product,
            each.version ?? "–",
            each.domain,
            each.owner,
            each.policy,
            each.rule,
            each.reason,
          ]),
        ),
    ...(moreViolations > 0 ? [`And ${moreViolations} more.`] : []),
    ...(conflicts.length === 0
      ? []
      : [
          "### Policies that a mandatory one of all takes back",
          table(
            ["policy", "rule", "holds instead", "its rule", "because it is"],
            conflicts.map((each) => [each.policy, each.rule, each.mandatory, each.mandatoryRule, each.why]),
          ),
        ]),
    "## Domains",
    table(
      ["domain", "name", "owner", "products", "active", "consumers", "pass", "fail", "unknown"],
      domains.map(({ domain, name, owner, products, byStatus, consumers, compliance: states }) => [
        domain,
        name,
        owner,
        products,
        byStatus.active,
        consumers,
        states.pass,
        states.fail,
        states.unknown,
      ]),
    ),
    "## Lineage",
    `Steps: ${lineage.steps}, longest way: ${lineage.longest}. Products in it: ${lineage.products}, ` +
      `made of no other: ${lineage.origins}, of which no other is made: ${lineage.ends}.`,
    "## Use",
    usage.top.length === 0
      ? "Nothing was read."
      : table(
          ["product", "owner", "reads", "consumers", "last read"],
          usage.top.map(({ product, owner, reads, consumers, lastAt }) => [
            product,
            owner,
            reads,
            consumers,
            time(lastAt),
          ]),
        ),
    usage.unused.length === 0
      ? `Every active product was read in the last ${usage.days} days.`
      : `Active products that nobody has read in the last ${usage.days} days: ${usage.unusedCount}.`,
    ...(usage.unused.length === 0
      ? []
      : [
          table(
            ["product", "owner", "last read"],
            usage.unused.map(({ product, owner, since, read }) => [
              product,
              owner,
              read ? time(since) : "never",
            ]),
          ),
        ]),
  ].join("\n\n")}\n`;
}

function table(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  return [
    line(head),
    line(head.map(() => "---")),
    ...rows.map((cells) => line(cells.map((cell) => escapeMarkdown(String(cell))))),
  ].join("\n");
}

function time(ms: number): string {
  return new Date(ms).toISOString();
}
