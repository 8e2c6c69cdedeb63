import { expect, test } from "vitest";
import type { ComplianceReport } from "../resources/compliance.js";
import { type Answered, orders, registryService, SALES } from "../testing/service.js";

const code = ({ status, body }: Answered): [number, unknown] => [status, (body as { code?: unknown }).code];
const report = ({ body }: Answered): ComplianceReport => body as ComplianceReport;
const short = (answer: Answered): unknown[] => {
  const { state, rules } = report(answer);
  return [
    state,
    rules.map(({ policy, rule, verdict, source }) => `${policy}: ${rule}: ${verdict} (${source})`),
  ];
};

const policy = (id: string, rules: string[], more: object = {}): object => ({
  id,
  name: id,
  type: "quality",
  scope: { kind: "global" },
  enforcement: "mandatory",
  rules,
  ...more,
});

test("before anything is measured a product is unknown; what is posted is judged by the names it is posted under", async () => {
  const { ask } = await registryService();
  await ask("POST", "/domains", SALES);
  await ask("POST", "/products", orders({ sla: { availability: 99.9, freshness: "24h" } }));
  await ask("POST", "/products/orders/versions", { version: "1.0", schema: { amount: "decimal" } });
  const compliance = (query = ""): Promise<Answered> => ask("GET", `/products/orders/compliance${query}`);
  await ask(
    "POST",
    "/policies",
    policy("data_quality", ["completeness >= 95%", "accuracy >= 90%", "timeliness <= 24h"]),
  );
  expect(report(await compliance())).toMatchObject({ product: "orders", version: "1.0.0", state: "unknown" });
  expect(short(await compliance("?policy=data_quality"))).toEqual([
    "unknown",
    [
      "data_quality: completeness >= 95%: unknown (none)",
      "data_quality: accuracy >= 90%: unknown (none)",
      "data_quality: timeliness <= 24h: unknown (none)",
    ],
  ]);
  const metrics = { completeness: 98.5, accuracy: 95.2, timeliness_hours: 2.5, row_count: 1_500_000 };
  const posted = await ask("POST", "/products/orders/quality", { metrics });
  expect([posted.status, posted.body]).toMatchObject([
    200,
    { product: "orders", version: "1.0.0", streams: [], posted: [{}, {}, { name: "row_count" }, {}] },
  ]);
  const judged = report(await compliance("?policy=data_quality"));
  expect(judged).toMatchObject({
    state: "pass",
    rules: [
      { verdict: "pass", source: "posted", measured: 98.5, by: "posted by local", at: expect.any(Number) },
      { verdict: "pass", source: "posted", measured: 95.2 },
      { verdict: "pass", source: "posted", measured: 2.5, unit: "h", reason: "timeliness is 2.5h" },
    ],
  });
  // Its own promises are judged as well, and nobody measured them.
  expect(short(await compliance())[0]).toBe("unknown");
  expect(short(await compliance("?policy=sla"))).toEqual([
    "unknown",
    ["sla: availability >= 99.9%: unknown (none)", "sla: freshness <= 24h: unknown (none)"],
  ]);
  await ask("POST", "/products/orders/quality", { metrics: { timeliness_hours: 30 } });
  expect(report(await compliance())).toMatchObject({
    state: "fail",
    reason: 'data_quality: "timeliness <= 24h": timeliness is 30h',
  });
  expect(code(await compliance("?policy=nobody"))).toEqual([404, "not_found"]);
});

test("a bare word is attested by the owner, shown as such, and taken back", async () => {
  const { ask } = await registryService();
  await ask("POST", "/domains", SALES);
  await ask("POST", "/products", orders({ description: "Orders", tags: ["pii"] }));
  const rules = [
    "encryption_at_rest",
    "has(description) and tagged(pii)",
    'matches(owner, "^al")',
    "has(version)",
  ];
  await ask("POST", "/policies", policy("security", rules, { type: "security" }));
  const compliance = (): Promise<Answered> => ask("GET", "/products/orders/compliance");
  expect(short(await compliance())).toEqual([
    "fail",
    [
      "security: encryption_at_rest: unknown (none)",
      "security: has(description) and tagged(pii): pass (declared)",
      'security: matches(owner, "^al"): pass (declared)',
      "security: has(version): fail (declared)",
    ],
  ]);
  await ask("POST", "/products/orders/versions", { version: "1.0", schema: { amount: "decimal" } });
  expect(short(await compliance())[0]).toBe("unknown");
  const attested = await ask("POST", "/products/orders/attestations", {
    claim: "encryption_at_rest",
    note: "LUKS",
  });
  expect([attested.status, attested.headers.get("location")]).toEqual([
    201,
    "/products/orders/attestations/encryption_at_rest",
  ]);
  expect(report(await compliance())).toMatchObject({
    state: "pass",
    rules: [
      {
        source: "attested",
        by: "local",
        at: expect.any(Number),
        reason: "attested by local, not measured",
      },
      { parts: [{ rule: "has(description)", source: "declared" }, { rule: "tagged(pii)" }] },
      {},
      {},
    ],
  });
  expect(report(await compliance()).rules[0]).not.toHaveProperty("measured");
  expect((await ask("DELETE", "/products/orders/attestations/encryption_at_rest")).status).toBe(204);
  expect((await compliance()).body).toMatchObject({ state: "unknown" });
  expect(code(await ask("DELETE", "/products/orders/attestations/nothing"))).toEqual([404, "not_found"]);
  expect(code(await ask("POST", "/products/orders/attestations", { claim: "two words" }))).toEqual([
    422,
    "invalid",
  ]);
});

test("advice never fails the whole, and nothing asked is no pass", async () => {
  const { ask } = await registryService();
  await ask("POST", "/domains", SALES);
  await ask("POST", "/products", orders());
  const state = async () => report(await ask("GET", "/products/orders/compliance"));
  expect(await state()).toMatchObject({ state: "unknown", reason: "nothing is asked of it" });
  await ask("POST", "/policies", policy("advice", ["has(description)"], { enforcement: "advisory" }));
  expect(await state()).toMatchObject({ state: "unknown", rules: [{ verdict: "fail" }] });
  await ask("POST", "/policies", policy("must", ["has(owner)"]));
  expect(await state()).toMatchObject({
    state: "pass",
    reason: "its rule passes",
    rules: [{ enforcement: "advisory", verdict: "fail" }, { verdict: "pass" }],
  });
});

test("a mandatory policy of all that comes later holds beside an older one of a domain", async () => {
  const { ask } = await registryService();
  await ask("POST", "/domains", SALES);
  await ask("POST", "/products", orders());
  const scope = { kind: "domain", domain: "sales" };
  await ask("POST", "/policies", policy("sales", ["completeness >= 90%", "rows < 5"], { scope }));
  expect((await ask("POST", "/policies", policy("all", ["completeness >= 95%", "rows >= 5"]))).status).toBe(
    201,
  );
  await ask("POST", "/products/orders/quality", { metrics: { completeness: 92, rows: 7 } });
  expect((await ask("GET", "/products/orders/policies")).body).toMatchObject({
    policies: [{ id: "all" }, { id: "sales" }],
    rules: [
      { policy: "all", rule: "completeness >= 95%", counts: true, conflicts: [] },
      { policy: "all", rule: "rows >= 5", counts: true, conflicts: [] },
      { rule: "completeness >= 90%", counts: true, conflicts: [{ policy: "all", index: 0, why: "weaker" }] },
      { rule: "rows < 5", counts: false, conflicts: [{ policy: "all", index: 1, why: "contrary" }] },
    ],
  });
  const judged = report(await ask("GET", "/products/orders/compliance"));
  expect(judged.state).toBe("fail"); // by the stricter
  expect(judged.rules.map(({ verdict, overruled }) => [verdict, overruled])).toEqual([
    ["fail", undefined],
    ["pass", undefined],
    ["pass", undefined],
    ["fail", '"rows < 5" and the mandatory "rows >= 5" can never both pass (policy "all")'],
  ]);
  await ask("POST", "/products/orders/quality", { metrics: { completeness: 96 } });
  expect(report(await ask("GET", "/products/orders/compliance")).state).toBe("pass");
});

test("what cannot have been measured is refused by name", async () => {
  const { ask } = await registryService();
  await ask("POST", "/domains", SALES);
  await ask("POST", "/products", orders());
  const metrics = { timeliness_hours: -1, completeness: 101, drift: -3, accuracy_percent: -0.5 };
  const { status, body } = await ask("POST", "/products/orders/quality", { metrics });
  expect(status).toBe(422);
  expect(body).toMatchObject({
    errors: [
      { pointer: "/metrics/timeliness_hours", value: "-1", expected: "expected a time of at least 0" },
      { pointer: "/metrics/completeness", value: "101", expected: "expected a percentage from 0 to 100" },
      { pointer: "/metrics/accuracy_percent" },
    ],
  });
});
