import { principalOf, resource } from "@fieldmesh/runtime";
import { toMarkdown } from "../report/markdown.js";
import type { Reports } from "../report/reports.js";
import { reportQuery, usageQuery } from "./governance-lists.js";
import { parseQuery } from "./input.js";
import { domainList, nothingAsked, pageOf, sendList, toCursor } from "./lists.js";
import { answered } from "./problems.js";
import type { RouteParts } from "./route-parts.js";

/** The mesh as a whole. */
export function reportRoutes({ router, reads }: RouteParts, reports: Reports): void {
  resource(router, "/analytics/domains", {
    get: reads(
      answered((request, response) => {
        const { limit, offset = 0, after } = pageOf(parseQuery(request, domainList));
        const all = reports.domains(principalOf(response));
        const passed = after === undefined ? 0 : all.filter(({ domain }) => domain <= after).length;
        const start = passed + offset;
        const items = all.slice(start, start + limit);
        const last = items.at(-1)?.domain;
        const next = last === undefined || start + limit >= all.length ? undefined : toCursor(last);
        sendList(request, response, { items, total: all.length, next });
      }),
    ),
  });
  resource(router, "/analytics/lineage-stats", {
    get: reads(
      answered((request, response) => {
        parseQuery(request, nothingAsked);
        response.set({ "Cache-Control": "private, no-cache", Vary: "Authorization, Cookie" });
        response.json(reports.lineage());
      }),
    ),
  });
  resource(router, "/analytics/usage", {
    get: reads(
      answered((request, response) => {
        const { limit = 10, days = 30 } = parseQuery(request, usageQuery);
        response.set({ "Cache-Control": "private, no-cache", Vary: "Authorization, Cookie" });
        response.json(reports.usage(principalOf(response), { limit, days }));
      }),
    ),
  });
  resource(router, "/report", {
    get: reads(
      answered((request, response) => {
        const { format } = parseQuery(request, reportQuery);
        const report = reports.mesh(principalOf(response));
        response.set({ "Cache-Control": "private, no-cache", Vary: "Accept, Authorization, Cookie" });
        const isMarkdown =
          format === "markdown" ||
          (format === undefined &&
            request.accepts(["application/json", "text/markdown"]) === "text/markdown");
        if (isMarkdown) response.type("text/markdown; charset=utf-8").send(toMarkdown(report));
        else response.json(report);
      }),
    ),
  });
}
