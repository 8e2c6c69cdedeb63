import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** Folders of what is generated, installed or kept while running. */
const FOREIGN = new Set(["node_modules", "dist", ".git", ".fieldmesh", "results", "coverage"]);

/** Every file of the project, relative to its root. */
function filesBelow(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { withFileTypes: true }).flatMap((entry) => {
    if (FOREIGN.has(entry.name)) return [];
    const path = join(folder, entry.name);
    return entry.isDirectory() ? filesBelow(path) : [path];
  });
}

const FILES = filesBelow("");
const PAGES = FILES.filter((file) => file.endsWith(".md"));

/** Anchor of a heading, as GitHub makes it. */
function anchor(heading: string): string {
  return heading
    .trim()
    .toLowerCase()
    .replace(/[`*_]/g, (mark) => (mark === "_" ? "_" : ""))
    .replace(/[^\p{L}\p{N}\s_-]/gu, "")
    .replace(/\s/g, "-");
}

function anchors(page: string): Set<string> {
  const text = readFileSync(page, "utf8").replace(/^```[\s\S]*?^```/gm, "");
  return new Set([...text.matchAll(/^#{1,6} (.+)$/gm)].map(([, heading = ""]) => anchor(heading)));
}

describe("the docs", () => {
  test("there are some", () => {
    expect(PAGES).toContain("README.md");
  });

  test.each(PAGES)("every link of %s leads somewhere", (page) => {
    const text = readFileSync(join(ROOT, page), "utf8").replace(/^```[\s\S]*?^```/gm, "");
    const broken: string[] = [];
    for (const [, target = ""] of text.matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^[a-z]+:/.test(target)) continue;
      const [path = "", fragment] = target.split("#");
      const file = path === "" ? join(ROOT, page) : join(ROOT, dirname(page), path);
      if (!existsSync(file)) broken.push(target);
      else if (fragment !== undefined && file.endsWith(".md") && !anchors(file).has(fragment))
        broken.push(target);
    }
    expect(broken).toEqual([]);
  });

  test("npm scripts that a page names exist", () => {
    const { scripts } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as {
      scripts: Record<string, string>;
    };
    for (const page of PAGES) {
      for (const [, name = ""] of readFileSync(join(ROOT, page), "utf8").matchAll(/npm run ([a-z:-]+)/g)) {
        expect(Object.keys(scripts), `${page}: npm run ${name}`).toContain(name);
      }
    }
  });

  test("no page and no source names a folder of somebody's machine", () => {
    const own = fileURLToPath(import.meta.url);
    const named = FILES.filter((file) => {
      const path = join(ROOT, file);
      if (path === own || !/\.(md|ts|tsx|mjs|js|json|ya?ml|css|html|conf)$/.test(file)) return false;
      return /\/(work\/(main|shared|\.library)|root\/|home\/[a-z])/.test(readFileSync(path, "utf8"));
    });
    expect(named).toEqual([]);
  });
});
