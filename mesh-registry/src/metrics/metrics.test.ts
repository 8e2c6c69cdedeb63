import { createLog } from "@fieldmesh/runtime";
import { expect, test, vi } from "vitest";
import { orders, registryService, SALES } from "../testing/service.js";
import { Counter, Histogram } from "./instruments.js";

test("what is counted is told in Prometheus' text format, by patterns of routes", async () => {
  const { ask } = await registryService({ rate: { max: 8, windowMs: 600_000 } });
  await ask("POST", "/domains", SALES);
  await ask("POST", "/products", orders());
  await ask("POST", "/products", orders({ id: "draft", status: "draft" }));
  for (const id of ["orders", "orders", "nobody"]) await ask("GET", `/products/${id}`);
  await ask("GET", "/no/where/else");
  const { headers, body } = await ask("GET", "/metrics");
  expect(headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8");
  const text = String(body);
  for (const line of text.trimEnd().split("\n")) {
    expect(line).toMatch(/^(?:# (?:HELP|TYPE) [a-z_]+ .+|[a-z_]+(?:\{(?:[a-z]+="[^"]*",?)+\})? [0-9.e+-]+)$/);
  }
  for (const line of [
    'fieldmesh_registry_requests_total{method="POST",route="/products",status="201"} 2',
    'fieldmesh_registry_requests_total{method="GET",route="/products/:id",status="200"} 2',
    'fieldmesh_registry_requests_total{method="GET",route="/products/:id",status="404"} 1',
    'fieldmesh_registry_requests_total{method="GET",route="none",status="404"} 1',
    "fieldmesh_registry_request_duration_seconds_count 7",
    'fieldmesh_registry_products{status="draft"} 1',
    'fieldmesh_registry_products{status="active"} 1',
    "fieldmesh_registry_domains 1",
    'fieldmesh_registry_compliance{state="fail"} 0',
    "fieldmesh_registry_broker_connected 0",
  ]) {
    expect(text.split("\n")).toContain(line);
  }
  expect((await ask("GET", "/domains")).status).toBe(200); // the eighth
  expect((await ask("GET", "/domains")).status).toBe(429);
});

test("the log says who changed what, under the id of the request", async () => {
  const lines: unknown[] = [];
  const log = createLog("test", { destination: { write: (line) => void lines.push(JSON.parse(line)) } });
  const { ask } = await registryService({}, undefined, { log });
  await ask("POST", "/domains", SALES);
  await ask("GET", "/domains/sales");
  const answer = await ask("DELETE", "/domains/sales", undefined, {
    "If-Match": "*",
    "X-Request-Id": "asked-by-me",
  });
  expect([answer.status, answer.headers.get("x-request-id")]).toEqual([204, "asked-by-me"]);
  await vi.waitFor(() => {
    const said = lines.filter((line) => (line as { msg?: string }).msg === "request");
    expect(said).toMatchObject([
      { method: "DELETE", path: "/domains/sales", status: 204, by: "local", requestId: "asked-by-me" },
    ]);
  });
});

test("counts of a duration add up from bound to bound", () => {
  const histogram = new Histogram("h", "Help.", [0.1, 1]);
  for (const value of [0.05, 0.1, 0.5, 3]) histogram.observe(value);
  expect(histogram.text().split("\n")).toEqual([
    "# HELP h Help.",
    "# TYPE h histogram",
    'h_bucket{le="0.1"} 2',
    'h_bucket{le="1"} 3',
    'h_bucket{le="+Inf"} 4',
    "h_sum 3.65",
    "h_count 4",
    "",
  ]);
});

test("labels are written safely, and never without end", () => {
  const counter = new Counter("c", "Help.");
  counter.add({ path: 'a"b\\c\nd' }, 2);
  expect(counter.text()).toContain('c{path="a\\"b\\\\c\\nd"} 2\n');
  for (let n = 0; n < 10_000; n += 1) counter.add({ path: String(n) });
  expect(counter.text().split("\n").length).toBeLessThan(2_100);
});
