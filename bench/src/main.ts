import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { benchmarks } from "./benchmarks.js";
import { machine, type Report, reportMarkdown, sectionMarkdown } from "./report.js";

const HELP = `Usage: npm run bench -- [name ...] [--quick] [--docs] [--only TEXT ...]

Runs the named benchmarks (all of them without a name), prints each table and writes
bench/results/report.json and report.md. --quick shortens runs, for a look; --docs also puts the measured
sections into docs/benchmarks.md. --only runs of the broker's scenarios those whose names contain the text.

Benchmarks:
${Object.entries(benchmarks)
  .map(([name, { title }]) => `  ${name.padEnd(12)} ${title}`)
  .join("\n")}
`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    quick: { type: "boolean" },
    docs: { type: "boolean" },
    only: { type: "string", multiple: true },
    help: { type: "boolean", short: "h" },
  },
});
const { only } = values;
if (only !== undefined && values.docs) {
  console.error("--only measures a part: it cannot stand in the docs. Leave out --only or --docs.");
  process.exit(2);
}
const unknown = positionals.filter((name) => !(name in benchmarks));
if (values.help || unknown.length > 0) {
  if (unknown.length > 0) console.error(`No benchmark "${unknown.join('", "')}".\n`);
  console.log(HELP);
  process.exit(unknown.length > 0 ? 2 : 0);
}

const root = new URL("../../", import.meta.url);
const results = new URL("bench/results/", root);
const docsData = new URL("docs/benchmarks.json", root);
const report: Report = { at: new Date().toISOString(), machine: machine(), sections: {} };
for (const [name, benchmark] of Object.entries(benchmarks)) {
  if (positionals.length > 0 && !positionals.includes(name)) continue;
  const startedAt = Date.now();
  const progress = (text: string) => {
    console.error(`[${((Date.now() - startedAt) / 1000).toFixed(0).padStart(4)} s] ${name}: ${text}`);
  };
  const wants = (scenario: string) => only === undefined || only.some((text) => scenario.includes(text));
  const section = await benchmark.run({ progress, quick: values.quick ?? false, wants });
  report.sections[name] = section;
  console.log(sectionMarkdown(name, section));
}

mkdirSync(results, { recursive: true });
writeFileSync(new URL("report.json", results), JSON.stringify(report, null, 2));
writeFileSync(new URL("report.md", results), reportMarkdown(report));
if (values.docs) {
  const kept = readReport(docsData);
  const merged: Report = { ...report, sections: { ...kept?.sections, ...report.sections } };
  writeFileSync(docsData, `${JSON.stringify(merged, null, 2)}\n`);
  writeFileSync(new URL("docs/benchmarks.md", root), reportMarkdown(merged));
}

function readReport(file: URL): Report | undefined {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as Report;
  } catch {
    return undefined;
  }
}
