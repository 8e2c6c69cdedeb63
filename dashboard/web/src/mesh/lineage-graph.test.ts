import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { around, downstreamOf, lineageGraph, upstreamOf } from "./lineage-graph.js";
import type { LineageEdge } from "./types.js";

const edge = (source: string, target: string): LineageEdge => ({
  source,
  target,
  transformation: "",
  type: "direct",
  confidence: 1,
});
/** Steps from smaller to larger numbers: a graph without circles. */
const edges = fc
  .uniqueArray(fc.tuple(fc.nat(12), fc.nat(12)), { selector: String, maxLength: 40 })
  .map((pairs) =>
    pairs.filter(([a, b]) => a !== b).map(([a, b]) => edge(`p${Math.min(a, b)}`, `p${Math.max(a, b)}`)),
  );

describe("lineage", () => {
  const graph = lineageGraph([
    edge("a", "b"),
    edge("b", "c"),
    edge("a", "c"),
    edge("x", "c"),
    edge("c", "d"),
  ]);

  it("finds what is made of a product, and of what it is made, nearest first", () => {
    expect(downstreamOf(graph, "a")).toEqual([
      { product: "b", depth: 1 },
      { product: "c", depth: 1 },
      { product: "d", depth: 2 },
    ]);
    expect(upstreamOf(graph, "d", 2).map(({ product }) => product)).toEqual(["c", "b", "a", "x"]);
    expect(downstreamOf(graph, "nobody")).toEqual([]);
  });

  it("shows around a product only what is connected with it", () => {
    expect(around(graph, "b").map(({ source, target }) => source + target)).toEqual(["ab", "bc", "cd"]);
    expect(around(graph, "b", 1).map(({ source, target }) => source + target)).toEqual(["ab", "bc"]);
  });

  it("has a product downstream of another exactly where that one is upstream of it", () => {
    fc.assert(
      fc.property(edges, fc.nat(12), fc.nat(12), (given, a, b) => {
        const all = lineageGraph(given);
        const down = downstreamOf(all, `p${a}`).find(({ product }) => product === `p${b}`);
        const up = upstreamOf(all, `p${b}`).find(({ product }) => product === `p${a}`);
        expect(down?.depth).toBe(up?.depth);
      }),
    );
  });

  it("ends in a circle, too", () => {
    const circle = lineageGraph([edge("a", "b"), edge("b", "a")]);
    expect(downstreamOf(circle, "a")).toEqual([{ product: "b", depth: 1 }]);
  });
});
