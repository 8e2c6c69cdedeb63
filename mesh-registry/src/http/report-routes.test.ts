import { join } from "node:path";
import { addToken, addUser } from "@fieldmesh/runtime";
import { expect, test } from "vitest";
import type { MeshReport } from "../resources/report.js";
import { temporaryFolder } from "../testing/embedded.js";
import { orders, registryService, SALES } from "../testing/service.js";

const HOSTILE = 'x | y\n# <script>alert("1")</script> [a](javascript:b) `c` **d** \u202e _e_ ~f~ ![g](//h)';

test("domains, lineage, use and the whole mesh, as far as who asks may see it, also as Markdown", async () => {
  const folder = await temporaryFolder();
  const usersFile = join(folder, "users.yaml");
  await addUser(usersFile, { name: "root", role: "admin", password: "correct horse battery" });
  const admin = { Authorization: `Bearer ${await addToken(usersFile, { name: "boss", role: "admin" })}` };
  const viewer = { Authorization: `Bearer ${await addToken(usersFile, { name: "vera", role: "viewer" })}` };
  const { ask } = await registryService({}, folder);
  await ask("POST", "/domains", { ...SALES, name: HOSTILE }, admin);
  await ask("POST", "/domains", { ...SALES, id: "hr" }, admin);
  await ask("POST", "/products", orders({ owner: HOSTILE }), admin);
  await ask("POST", "/products", orders({ id: "draft", status: "draft" }), admin);
  await ask("POST", "/products", orders({ id: "secret", visibility: "private" }), admin);
  await ask("POST", "/products", orders({ id: "gone" }), admin);
  await ask("DELETE", "/products/gone", undefined, { ...admin, "If-Match": "*" });
  await ask("POST", "/lineage", { source: "orders", target: "secret", confidence: 0.5 }, admin);
  const scope = { kind: "domain", domain: "sales" };
  const policy = { name: "p", type: "metadata", enforcement: "mandatory" };
  const loose = { ...policy, id: "loose", scope, rules: ["rows >= 1"] };
  await ask("POST", "/policies", loose, admin);
  const strict = {
    ...policy,
    id: "strict",
    scope: { kind: "global" },
    rules: ["rows >= 5", "has(description)"],
  };
  await ask("POST", "/policies", strict, admin);
  const asked = { product: "orders", consumer: "ann", purpose: "x" };
  const { id } = (await ask("POST", "/subscriptions", asked, admin)).body as { id: string };
  await ask("POST", `/subscriptions/${id}/approve`, {}, { ...admin, "If-Match": "*" });

  const domains = await ask("GET", "/analytics/domains", undefined, admin);
  expect([domains.headers.get("x-total-count"), domains.body]).toMatchObject([
    "2",
    [
      { domain: "hr", products: 0 },
      {
        domain: "sales",
        products: 3,
        byStatus: { draft: 1, active: 2, retired: 0 },
        byVisibility: { private: 1, restricted: 2 },
        consumers: 1,
        compliance: { pass: 0, fail: 2, unknown: 0 },
      },
    ],
  ]);
  const page = await ask("GET", "/analytics/domains?limit=1", undefined, admin);
  const next = /<([^>]+)>/.exec(page.headers.get("link") ?? "")?.[1] ?? "";
  expect((await ask("GET", next, undefined, admin)).body).toMatchObject([{ domain: "sales" }]);
  expect((await ask("GET", "/analytics/domains", undefined, viewer)).body).toMatchObject([
    {},
    { products: 2, compliance: { fail: 1 } },
  ]);
  expect((await ask("GET", "/analytics/lineage-stats", undefined, viewer)).body).toMatchObject({
    steps: 1,
    confidence: 0.5,
    longest: 1,
  });

  const report = (await ask("GET", "/report", undefined, admin)).body as MeshReport;
  expect(report).toMatchObject({
    totals: { domains: 2, products: 3, byStatus: { active: 2 }, consumers: 1, policies: 2 },
    compliance: { pass: 0, fail: 2, unknown: 0 },
    violations: [
      { product: "orders", version: null, policy: "strict", rule: "has(description)" },
      { product: "secret", version: null, policy: "strict", rule: "has(description)" },
    ],
    moreViolations: 0,
    conflicts: [
      { policy: "loose", rule: "rows >= 1", mandatory: "strict", mandatoryRule: "rows >= 5", why: "weaker" },
    ],
    usage: { unused: [{ product: "orders", read: false }, { product: "secret" }], unusedCount: 2 },
  });
  const seen = (await ask("GET", "/report", undefined, viewer)).body as MeshReport;
  expect(seen.violations.map(({ product }) => product)).toEqual(["orders"]);
  expect(JSON.stringify(seen)).not.toContain("secret");

  const markdown = await ask("GET", "/report?format=markdown", undefined, viewer);
  expect(markdown.headers.get("content-type")).toBe("text/markdown; charset=utf-8");
  const text = String(markdown.body);
  expect(text).toContain("# Mesh report");
  expect(text).not.toContain("secret");
  expect(text).not.toMatch(/<|(?<!\\)`|(?<!\\)\*|\u202e/);
  const lines = text.split("\n").filter((line) => line.includes("script"));
  expect(lines.length).toBeGreaterThanOrEqual(2); // the name of the domain, the owner of the product
  // In its cell, and nothing else is: as many cells as the table has.
  const cells = (line: string): number => line.replaceAll("\\|", "").split("|").length;
  for (const line of lines) expect([11, 9, 5]).toContain(cells(line));
  const negotiated = await ask("GET", "/report", undefined, { ...viewer, Accept: "text/markdown" });
  expect(negotiated.headers.get("content-type")).toBe("text/markdown; charset=utf-8");
  expect(negotiated.headers.get("vary")).toContain("Accept");
  expect((await ask("GET", "/report?format=pdf", undefined, viewer)).status).toBe(422);
});
