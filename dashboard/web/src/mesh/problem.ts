import { ApiError } from "../api.js";

/** What kept something from being read, for people. */
export interface ReadProblem {
  /** `none`: there is no registry; `away`: it cannot be reached; `missing`: there is no such thing. */
  kind: "none" | "away" | "missing" | "refused";
  text: string;
}

export const NO_REGISTRY: ReadProblem = {
  kind: "none",
  text: "No mesh registry runs here, so there are no data products: set REGISTRY_URL at the dashboard.",
};

export function readProblem(error: unknown): ReadProblem {
  if (!(error instanceof ApiError)) return { kind: "away", text: String(error) };
  const { code, status, message } = error;
  if (code === "no_registry") return NO_REGISTRY;
  if (status === 0 || status >= 500)
    return { kind: "away", text: `The registry cannot be asked now: ${message}` };
  return { kind: status === 404 ? "missing" : "refused", text: message };
}
