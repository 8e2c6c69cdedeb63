import type { ImpactReport, MeshReport, Policy, PolicyUpdate } from "./governance-types.js";
import { change, type Ending, part, ROOT, read, readList, readTagged, send, withQuery } from "./request.js";
import type { ComplianceSummary, Subscription } from "./types.js";

const ofPolicy = (id: string): string => `/policies/${part(id)}`;

/** More than that are said to be there, and not listed. */
const MOST = 1_000;

/** How the mesh is governed, as the registry tells it. Errors: `ApiError`. */
export const governance = {
  /** What waits for the user's decision. */
  inbox: (signal?: Ending) => readList<Subscription>(`${ROOT}/subscriptions/inbox?limit=${MOST}`, signal),
  /** What the user asked for, for itself or for others; the newest first. */
  mine: async (user: string, signal?: Ending): Promise<Subscription[]> => {
    const [own, known] = await Promise.all([
      readList<Subscription>(`${ROOT}/subscriptions?consumer=${part(user)}&limit=${MOST}`, signal),
      readList<Subscription>(`${ROOT}/subscriptions?limit=${MOST}`, signal),
    ]);
    const asked = known.items.filter(({ askedBy, consumer }) => askedBy === user && consumer !== user);
    return [...own.items, ...asked].sort((a, b) => b.createdAt - a.createdAt);
  },

  policies: (signal?: Ending) => readList<Policy>(`${ROOT}/policies?limit=${MOST}`, signal),
  policy: (id: string, signal?: Ending) => readTagged<Policy>(ofPolicy(id), signal),
  makePolicy: (policy: PolicyUpdate & { id: string }) => send<Policy>("POST", "/policies", policy),
  changePolicy: (id: string, etag: string, update: PolicyUpdate) =>
    change<Policy>("PUT", ofPolicy(id), etag, update),
  removePolicy: (id: string, etag: string) => change("DELETE", ofPolicy(id), etag),
  /** How products stand; `query` has domain and state. */
  standing: (query: URLSearchParams, signal?: Ending) => {
    const asked = new URLSearchParams(query);
    asked.set("limit", String(MOST));
    return readList<ComplianceSummary>(ROOT + withQuery("/compliance", asked), signal);
  },

  report: (signal?: Ending) => read<MeshReport>("/report?format=json", signal),
  /** Who feels it when something happens to these streams. */
  impact: (streams: readonly string[]) => send<ImpactReport>("POST", "/impact", { streams }),
};

/** The report as a file. */
export function reportHref(format: "json" | "markdown"): string {
  return `${ROOT}/report?format=${format}`;
}
