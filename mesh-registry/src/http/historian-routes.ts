import { HttpProblem, resource } from "@fieldmesh/runtime";
import type { Request } from "express";
import type { HistorianConfiguration } from "../historian-configuration/historian-configuration.js";
import { parseQuery } from "./input.js";
import { nothingAsked } from "./lists.js";
import { answered } from "./problems.js";
import type { RouteParts } from "./route-parts.js";
import { sendJson } from "./send-json.js";

/** Below what proxies let a request wait, in seconds. */
const MAX_WAIT_S = 50;
/** Historians that wait for a change at once; others are answered at once. */
const MAX_WAITING = 100;

/**
 * The historian's configuration. Who has it (`If-None-Match`) may wait for a change with `Prefer: wait=25` (RFC 7240):
 * so who was shut out here is shut out there a moment later.
 */
export function historianRoutes(
  { router, administers }: RouteParts,
  configuration: Pick<HistorianConfiguration, "current" | "changed" | "waiting">,
): void {
  resource(router, "/historian/configuration", {
    // It says who reads what, and names private products.
    get: administers(
      answered(async (request, response) => {
        parseQuery(request, nothingAsked);
        const held = (request.get("If-None-Match") ?? "").trim();
        const waitMs = configuration.waiting < MAX_WAITING ? waitOf(request) : 0;
        let served = await configuration.current();
        if (waitMs > 0) {
          response.set("Preference-Applied", `wait=${waitMs / 1_000}`);
          if (served.etag === held) {
            const gone = new AbortController();
            response.once("close", () => gone.abort());
            served = await configuration.changed(
              held,
              AbortSignal.any([gone.signal, AbortSignal.timeout(waitMs)]),
            );
          }
        }
        response.set({
          ETag: served.etag,
          "Cache-Control": "private, no-cache",
          Vary: "Authorization, Cookie",
        });
        if (held === served.etag) response.status(304).end();
        else sendJson(response, served.text);
      }),
    ),
  });
}

/** ms; 0 where nothing is preferred. */
function waitOf(request: Request): number {
  const prefer = request.get("Prefer");
  if (prefer === undefined) return 0;
  const wait = /(?:^|,)\s*wait=(\d{1,4})\s*(?:$|[,;])/.exec(prefer)?.[1];
  if (wait === undefined) return 0;
  const seconds = Number(wait);
  if (seconds < 1) throw new HttpProblem(422, "invalid", "Prefer: expected wait= with at least 1 second");
  return Math.min(seconds, MAX_WAIT_S) * 1_000;
}
