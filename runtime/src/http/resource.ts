import type { RequestHandler, Router } from "express";
import { HttpProblem } from "./problem.js";

export type Method = "get" | "post" | "put" | "patch" | "delete";

/**
 * Declares every method of one path at once, so that another method is answered with 405 and `Allow`
 * (RFC 9110 §15.5.6) rather than with 404.
 */
export function resource(
  router: Router,
  path: string,
  methods: Partial<Record<Method, RequestHandler | RequestHandler[]>>,
): void {
  const route = router.route(path);
  const names: string[] = [];
  for (const [method, handlers] of Object.entries(methods) as [Method, RequestHandler | RequestHandler[]][]) {
    names.push(method.toUpperCase());
    if (method === "get") names.push("HEAD");
    route[method](...[handlers].flat());
  }
  const allow = names.join(", ");
  route.all((request, response) => {
    if (request.method !== "OPTIONS") {
      const detail = `${request.method} is not possible here: expected ${allow}`;
      throw new HttpProblem(405, "method_not_allowed", detail, { headers: { Allow: allow } });
    }
    response.set("Allow", allow).status(204).end();
  });
}
