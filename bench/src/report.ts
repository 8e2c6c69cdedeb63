import os from "node:os";

/** One table of figures, with the command that makes it. */
export interface Section {
  title: string;
  /** What was measured and how, in a sentence or two. */
  about: string;
  columns: string[];
  rows: string[][];
  /** What a figure must be, and whether it was. */
  required?: { text: string; met: boolean }[];
  /** The samples behind the table. */
  data: unknown;
}

export interface Report {
  at: string;
  machine: string;
  sections: Record<string, Section>;
}

/** "2 × AMD EPYC 7B13, 24 GiB, Linux 6.1, Node.js v20.20.2". */
export function machine(): string {
  const cpus = os.cpus();
  const gib = Math.round(os.totalmem() / 2 ** 30);
  return `${cpus.length} × ${cpus[0]?.model.trim() ?? "?"}, ${gib} GiB, ${os.type()} ${os.release()}, Node.js ${process.version}`;
}

export function sectionMarkdown(name: string, section: Section): string {
  const line = (cells: string[]) => `| ${cells.join(" | ")} |`;
  return [
    `## ${section.title}`,
    "",
    section.about,
    "",
    "```sh",
    `npm run bench -- ${name}`,
    "```",
    "",
    line(section.columns),
    line(section.columns.map(() => "---")),
    ...section.rows.map(line),
    ...(section.required ?? []).flatMap(({ text, met }) => ["", `${met ? "Met" : "**Not met**"}: ${text}.`]),
    "",
  ].join("\n");
}

export function reportMarkdown(report: Report): string {
  return [
    "# Benchmarks",
    "",
    "Every figure here is printed by the command above its table. A figure is the median of its runs, with the least",
    "and the greatest in brackets; compare figures of one table only, as a table's rows are measured in one run.",
    "",
    `Machine: ${report.machine}. Measured ${report.at.slice(0, 10)}.`,
    "",
    ...Object.entries(report.sections).map(([name, section]) => sectionMarkdown(name, section)),
  ].join("\n");
}
