import type { Log } from "@fieldmesh/runtime";
import type { Request, RequestHandler, Response } from "express";
import type { Compliance } from "../compliance/compliance.js";
import type { BrokerHealth } from "../observe/broker-health.js";
import type { Catalogue } from "../store/catalogue.js";
import { Counter, Gauge, Histogram, type Instrument } from "./instruments.js";

const PREFIX = "fieldmesh_registry";
/** s; a list takes less than one ms, a write as long as the medium. */
const DURATIONS = [0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

export interface RegistryMetrics {
  /** Counts requests, and says in the log who made them. */
  measure: RequestHandler;
  /** In Prometheus' text format. */
  text(): string;
}

export function createRegistryMetrics({
  catalogue,
  broker,
  compliance,
  log,
}: {
  catalogue: Pick<
    Catalogue,
    "domains" | "products" | "lineage" | "subscriptions" | "accessLog" | "complianceRecords"
  >;
  compliance: Pick<Compliance, "waiting">;
  broker: () => BrokerHealth;
  log: Log;
}): RegistryMetrics {
  const requests = new Counter(`${PREFIX}_requests_total`, "Requests, by route and status.");
  const limited = new Counter(`${PREFIX}_rate_limited_total`, "Requests of clients that asked too often.");
  const refused = new Counter(`${PREFIX}_refused_total`, "Requests without the right to what they ask for.");
  const duration = new Histogram(
    `${PREFIX}_request_duration_seconds`,
    "From a request's header to the end of its answer.",
    DURATIONS,
  );
  const everything: readonly Instrument[] = [
    requests,
    duration,
    limited,
    refused,
    new Gauge(`${PREFIX}_products`, "Data products, by status.", () => {
      const counts = new Map<string, number>();
      for (const { value } of catalogue.products.all()) {
        counts.set(value.status, (counts.get(value.status) ?? 0) + 1);
      }
      return [...counts].map(([status, count]) => [{ status }, count]);
    }),
    new Gauge(`${PREFIX}_domains`, "Domains.", () => [[{}, catalogue.domains.list({ limit: 1 }).total]]),
    new Gauge(`${PREFIX}_lineage_steps`, "Steps of lineage.", () => [
      [{}, catalogue.lineage.list({ limit: 1 }).total],
    ]),
    new Gauge(`${PREFIX}_subscriptions_approved`, "Subscriptions that are approved.", () => [
      [{}, [...catalogue.subscriptions.approved()].length],
    ]),
    new Gauge(`${PREFIX}_compliance`, "Products of which something is asked, by how they stand.", () => {
      const counts = { pass: 0, fail: 0, unknown: 0 };
      for (const { state } of catalogue.complianceRecords.all()) counts[state] += 1;
      return Object.entries(counts).map(([state, count]) => [{ state }, count]);
    }),
    new Gauge(`${PREFIX}_compliance_waiting`, "Products that are to be judged anew.", () => [
      [{}, compliance.waiting],
    ]),
    new Gauge(
      `${PREFIX}_access_log_dropped_total`,
      "What was done with products and could not be kept in the access log: too much came at once.",
      () => [[{}, catalogue.accessLog.dropped]],
      "counter",
    ),
    new Gauge(`${PREFIX}_broker_connected`, "1 when the broker can be reached.", () => [
      [{}, broker().connected ? 1 : 0],
    ]),
    new Gauge("process_resident_memory_bytes", "Resident memory.", () => [[{}, process.memoryUsage.rss()]]),
    new Gauge(
      "process_cpu_seconds_total",
      "User and system time.",
      () => {
        const { user, system } = process.cpuUsage();
        return [[{}, (user + system) / 1e6]];
      },
      "counter",
    ),
  ];
  const done = (request: Request, response: Response, startedAt: number): void => {
    const { statusCode: status } = response;
    const { method } = request;
    const seconds = (performance.now() - startedAt) / 1_000;
    requests.add({ method: knownMethod(method), route: routeOf(request), status: String(status) });
    duration.observe(seconds);
    if (status === 429) limited.add();
    if (status === 401 || status === 403) refused.add({ status: String(status) });
    const level = levelOf(method, status);
    if (!log.isLevelEnabled(level)) return;
    const { principal } = response.locals as { principal?: { name: string } };
    const requestId = response.getHeader("X-Request-Id");
    const path = request.path.slice(0, 200);
    log[level](
      { requestId, method, path, status, ms: Math.round(seconds * 1_000), by: principal?.name },
      "request",
    );
  };
  return {
    measure: (request, response, next) => {
      const startedAt = performance.now();
      response.once("finish", () => done(request, response, startedAt));
      next();
    },
    text: () => everything.map((each) => each.text()).join(""),
  };
}

/**
 * Changes, removals and refusals are few. What is read or made comes by the thousand, and a line of each would take
 * longer than many an answer.
 */
function levelOf(method: string, status: number): "info" | "debug" {
  const isRefused = status === 401 || status === 403 || status === 429 || status >= 500;
  return isRefused || method === "PUT" || method === "PATCH" || method === "DELETE" ? "info" : "debug";
}

/** By its pattern: what was asked for has no end. */
function routeOf(request: Request): string {
  const route = request.route as { path?: unknown } | undefined;
  return typeof route?.path === "string" ? route.path : "none";
}

function knownMethod(method: string): string {
  return /^(?:GET|HEAD|OPTIONS|POST|PUT|PATCH|DELETE)$/.test(method) ? method : "other";
}
