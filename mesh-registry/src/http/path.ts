import { HttpProblem } from "@fieldmesh/runtime";
import type { Request } from "express";

/** An id in a path. @throws HttpProblem 404 when nothing can have it */
export function idOf(request: Request, parameter = "id"): string {
  const { [parameter]: given } = request.params;
  if (typeof given === "string" && /^[a-zA-Z0-9_-]{1,100}$/.test(given)) return given;
  throw new HttpProblem(404, "not_found", `${parameter}: expected 1 to 100 letters, digits, _ or -`);
}
