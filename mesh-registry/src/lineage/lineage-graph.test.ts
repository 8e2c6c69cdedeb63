import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LineageGraph, type LineageStep } from "./lineage-graph.js";

const step = (source: string, target: string, confidence = 1): LineageStep => ({
  source,
  target,
  confidence,
  type: "direct",
});

function graphOf(...ways: string[]): LineageGraph {
  const graph = new LineageGraph();
  for (const way of ways) {
    const products = way.split(" ");
    for (const [i, target] of products.slice(1).entries()) graph.add(step(products[i] ?? "", target));
  }
  return graph;
}

/** The plain truth: all ways between two products, by trying every step. */
function ways(steps: readonly LineageStep[], from: string, to: string): LineageStep[][] {
  return steps
    .filter(({ source }) => source === from)
    .flatMap((s) => [
      ...(s.target === to ? [[s]] : []),
      ...ways(steps, s.target, to).map((rest) => [s, ...rest]),
    ]);
}

const PRODUCTS = ["a", "b", "c", "d", "e", "f"];
const product = fc.constantFrom(...PRODUCTS);
const change = fc.record({
  do: fc.constantFrom("add", "add", "add", "remove"),
  source: product,
  target: product,
  confidence: fc.constantFrom(0, 0.25, 0.5, 1),
  type: fc.constantFrom("direct" as const, "derived" as const, "aggregated" as const),
});

describe("lineage", () => {
  it("refuses a product that is made from itself, and names the cycle that a step would close", () => {
    const graph = graphOf("raw clean daily report", "clean weekly");
    expect(graph.add(step("raw", "raw"))).toEqual({ ok: false, cause: "self", cycle: ["raw", "raw"] });
    expect(graph.add(step("report", "clean"))).toEqual({
      ok: false,
      cause: "cycle",
      cycle: ["clean", "daily", "report", "clean"],
    });
    expect(graph.size).toBe(4);
    expect(graph.remove("daily", "report")).toBe(true);
    expect(graph.remove("daily", "report")).toBe(false);
    expect(graph.add(step("report", "clean"))).toEqual({ ok: true, replaced: false });
    expect(graph.add(step("report", "clean", 0.5))).toEqual({ ok: true, replaced: true });
    expect(graph.get("report", "clean")?.confidence).toBe(0.5);
    expect(graph.size).toBe(4);
  });

  it("answers both directions to a depth, nearest first", () => {
    const graph = graphOf("raw clean daily report", "raw report", "raw weekly");
    expect(graph.downstream("raw")).toEqual([
      { product: "clean", depth: 1 },
      { product: "report", depth: 1 },
      { product: "weekly", depth: 1 },
      { product: "daily", depth: 2 },
    ]);
    expect(graph.upstream("report", 1)).toEqual([
      { product: "daily", depth: 1 },
      { product: "raw", depth: 1 },
    ]);
    expect(graph.upstream("nobody")).toEqual([]);
    expect(graph.stepsOf("clean")).toEqual([step("raw", "clean"), step("clean", "daily")]);
  });

  it("takes the most certain way for an impact, and a shortest one to show it", () => {
    const graph = graphOf("raw clean daily");
    graph.add(step("clean", "daily", 0.9));
    graph.add(step("raw", "daily", 0.5));
    expect(graph.impact("raw")).toEqual([
      { product: "clean", depth: 1, via: "raw", confidence: 1 },
      { product: "daily", depth: 1, via: "raw", confidence: 0.9 },
    ]);
    expect(graph.impact("daily")).toEqual([]);
  });

  it("agrees with the plain closure after any changes", () => {
    fc.assert(
      fc.property(fc.array(change, { maxLength: 30 }), (changes) => {
        const graph = new LineageGraph();
        const model = new Map<string, LineageStep>();
        for (const { do: what, ...given } of changes) {
          const { source, target } = given;
          const key = source + target;
          const steps = [...model.values()];
          if (what === "remove") {
            expect(graph.remove(source, target)).toBe(model.delete(key));
            continue;
          }
          const added = graph.add(given);
          const closes = source === target || ways(steps, target, source).length > 0;
          expect(added.ok).toBe(!closes);
          if (added.ok) {
            expect(added.replaced).toBe(model.has(key));
            model.set(key, given);
          } else if (added.cause === "cycle") {
            expect(added.cycle[0]).toBe(added.cycle.at(-1));
            const links = added.cycle.slice(1).map((to, i) => `${added.cycle[i]}${to}`);
            for (const link of links) expect(link === key || model.has(link)).toBe(true);
            expect(links).toContain(key);
          }
        }
        agrees(graph, [...model.values()]);
      }),
      { numRuns: 300 },
    );
  });

  it("answers for 20,000 products at once, chained or fanned out, without running out of stack", () => {
    const chain = new LineageGraph();
    const fan = new LineageGraph();
    const count = 20_000;
    const before = performance.now();
    for (let i = count; i > 0; i--) {
      chain.add(step(`p${i - 1}`, `p${i}`, 0.999)); // each new step has the whole chain behind it
      fan.add(step("root", `p${i}`));
      fan.add(step(`p${i}`, "sink"));
    }
    expect(chain.downstream("p0")).toHaveLength(count);
    expect(chain.upstream(`p${count}`)).toHaveLength(count);
    expect(chain.impact("p0").at(-1)).toMatchObject({ product: `p${count}`, depth: count });
    expect(chain.path("p0", `p${count}`)).toHaveLength(count + 1);
    expect(chain.add(step(`p${count}`, "p0"))).toMatchObject({ ok: false, cause: "cycle" });
    expect(chain.statistics()).toMatchObject({ products: count + 1, longest: count, origins: 1, ends: 1 });
    expect(fan.impact("root").find(({ product: p }) => p === "sink")).toMatchObject({
      depth: 2,
      confidence: 1,
    });
    expect(performance.now() - before).toBeLessThan(5_000); // ms, on a busy machine; quadratic it would be minutes
  });
});

/** Of several products: the nearest and the most certain of each one's impact. */
function agreesOfSeveral(graph: LineageGraph, roots: readonly string[]): void {
  const together = new Map(graph.impact(...roots).map((impact) => [impact.product, impact]));
  const apart = roots.flatMap((root) => graph.impact(root)).filter(({ product: p }) => !roots.includes(p));
  expect([...together.keys()].toSorted()).toEqual([...new Set(apart.map(({ product: p }) => p))].toSorted());
  for (const [to, { depth, confidence }] of together) {
    const each = apart.filter(({ product: p }) => p === to);
    expect(depth).toBe(Math.min(...each.map((impact) => impact.depth)));
    expect(confidence).toBeCloseTo(Math.max(...each.map((impact) => impact.confidence)), 12);
  }
}

function agrees(graph: LineageGraph, steps: readonly LineageStep[]): void {
  agreesOfSeveral(graph, PRODUCTS.slice(0, 2));
  agreesOfSeveral(graph, PRODUCTS.slice(1, 4));
  expect(graph.size).toBe(steps.length);
  const statistics = graph.statistics();
  let longest = 0;
  for (const from of PRODUCTS) {
    const impacts = new Map(graph.impact(from).map((impact) => [impact.product, impact]));
    const [down, up] = [new Map<string, number>(), new Map<string, number>()];
    for (const relation of graph.downstream(from)) down.set(relation.product, relation.depth);
    for (const relation of graph.upstream(from)) up.set(relation.product, relation.depth);
    for (const to of PRODUCTS) {
      const there = ways(steps, from, to);
      const lengths = there.map((way) => way.length);
      longest = Math.max(longest, ...lengths);
      const depth = there.length === 0 ? undefined : Math.min(...lengths);
      expect(down.get(to)).toBe(depth);
      expect(impacts.get(to)?.depth).toBe(depth);
      expect(graph.path(from, to)?.length).toBe(
        from === to ? 1 : depth === undefined ? undefined : depth + 1,
      );
      const back = ways(steps, to, from).map((way) => way.length);
      expect(up.get(to)).toBe(back.length === 0 ? undefined : Math.min(...back));
      if (depth === undefined) continue;
      const certain = Math.max(...there.map((way) => way.reduce((product, s) => product * s.confidence, 1)));
      expect(impacts.get(to)?.confidence).toBeCloseTo(certain, 12);
      const via = impacts.get(to)?.via ?? "";
      expect(via === from ? 0 : down.get(via)).toBe(depth - 1);
      expect(graph.get(via, to)).toBeDefined();
    }
  }
  expect(statistics.longest).toBe(longest);
  const [sources, targets] = [new Set(steps.map((s) => s.source)), new Set(steps.map((s) => s.target))];
  expect(statistics.origins).toBe([...sources].filter((p) => !targets.has(p)).length);
  expect(statistics.ends).toBe([...targets].filter((p) => !sources.has(p)).length);
  expect(statistics.byType.derived).toBe(steps.filter((s) => s.type === "derived").length);
}
