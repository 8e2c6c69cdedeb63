import type { Principal } from "@fieldmesh/runtime";
import type { AccessContent, StreamReaders } from "../configuration/schema.js";

/**
 * Who may read what.
 * - `open`: nobody says, so whoever is signed in reads everything.
 * - `unknown`: a registry says, and has never been reached: until then only administrators read.
 * - `told`: what is not in the list is read by whoever is signed in.
 */
export type AccessRules =
  | { kind: "open" }
  | { kind: "unknown" }
  | { kind: "told"; streams: ReadonlyMap<string, StreamReaders> };

/** Who asks. */
export type Reader = Pick<Principal, "name" | "role" | "scopes">;

export type ReadVerdict =
  /** `until`: it ends by itself then, ms since the epoch. */
  | { allowed: true; until?: number }
  | { allowed: false; code: "access_unknown" | "not_granted"; detail: string; readers?: StreamReaders };

const YES: ReadVerdict = { allowed: true };

export function rulesOf(access: AccessContent | undefined): AccessRules {
  if (access === undefined) return { kind: "open" };
  return { kind: "told", streams: new Map(Object.entries(access.streams)) };
}

/** Whether somebody may read a stream at this time, ms since the epoch. Pure. */
export function mayRead(rules: AccessRules, stream: string, reader: Reader, now: number): ReadVerdict {
  if (reader.role === "admin" || rules.kind === "open") return YES;
  if (rules.kind === "unknown") {
    const detail = `who may read ${stream} is not known yet: the registry has not been reached since this historian was set up; until it is, only administrators read`;
    return { allowed: false, code: "access_unknown", detail };
  }
  const readers = rules.streams.get(stream);
  if (readers === undefined) return YES;
  if (readers.roles.includes(reader.role)) return YES;
  const { domains = [], products = [] } = reader.scopes ?? {};
  if (readers.domains.some((domain) => domains.includes(domain))) return YES;
  // A credential's products are as a subscription to each: nothing of what is not offered.
  if (isOffered(readers) && products.includes(readers.product)) return YES;
  // Names are whatever people are called: no property that every object has.
  const until = Object.hasOwn(readers.consumers, reader.name) ? readers.consumers[reader.name] : undefined;
  if (until === null) return YES;
  if (until !== undefined && until > now) return { allowed: true, until };
  return { allowed: false, code: "not_granted", detail: whyNot(stream, readers, reader, until), readers };
}

function isOffered({ status }: StreamReaders): boolean {
  return status === undefined || status === "active" || status === "deprecated";
}

function whyNot(stream: string, readers: StreamReaders, { name }: Reader, until: number | undefined): string {
  const { product, version, status, visibility = "restricted" } = readers;
  const what = `${stream} is of data product "${product}"${version === undefined ? "" : ` ${version}`}`;
  if (!isOffered(readers)) {
    const whose = status === "draft" ? "its owner and its domain read it" : "only administrators read it";
    return `${what}, which is ${status}: ${whose}`;
  }
  const ask = `ask its owner for a subscription (POST /products/${product}/subscriptions at the registry)`;
  if (until !== undefined) {
    return `${what}, which is ${visibility}: what ${name} was granted ended at ${new Date(until).toISOString()}; ${ask}`;
  }
  return `${what}, which is ${visibility}, and ${name} was not granted it: ${ask}`;
}
