import type { IncomingHttpHeaders } from "node:http";
import { isLoopback } from "../environment/loopback.js";

/** Which values of `Host` and `Origin` a listener takes. */
export interface AllowedHosts {
  /** `PUBLIC_URL`: how browsers reach the service through a proxy. */
  publicUrl?: URL | undefined;
  /** `ALLOWED_HOSTS`: lower case, each with or without a port; without, any port is meant. */
  allowedHosts?: readonly string[];
  /**
   * Whether a page of any port of this machine may call. Default false: only one of the same port may, as
   * other programs' pages on this machine share our cookies (a site has no port). A listener that knows no
   * cookies, as the broker's WebSocket, may set it.
   */
  anyLoopbackPort?: boolean;
}

export type OriginVerdict =
  | { ok: true }
  /** `host`: answer 421 (RFC 9110 §15.5.20); `origin`: 403. */
  | { ok: false; cause: "host" | "origin"; detail: string };

interface Authority {
  name: string;
  port: string; // "" when absent
}

/**
 * Checks that a request was meant for this server and does not come from a foreign page. `Host` stops DNS
 * rebinding; `Origin`, and `Sec-Fetch-Site` where there is no `Origin`, stop cross-site requests. The same for
 * plain requests and for WebSocket handshakes.
 */
export function checkOrigin(
  headers: IncomingHttpHeaders,
  allowed: AllowedHosts,
  method: string = "GET",
): OriginVerdict {
  const host = parseAuthority(headers.host);
  if (host === undefined || !isAllowedHost(host, allowed)) {
    const shown = JSON.stringify((headers.host ?? "").slice(0, 100));
    return {
      ok: false,
      cause: "host",
      detail: `Host ${shown} is not one of this server's: add it to ALLOWED_HOSTS, or set PUBLIC_URL`,
    };
  }
  const { origin } = headers;
  if (origin !== undefined) {
    return isAllowedOrigin(origin, host, allowed)
      ? { ok: true }
      : {
          ok: false,
          cause: "origin",
          detail: `Origin ${JSON.stringify(origin.slice(0, 100))} may not call this server: add its host to ALLOWED_HOSTS`,
        };
  }
  return checkFetchSite(headers, method);
}

/** https://www.w3.org/TR/fetch-metadata/: browsers that send no `Origin` with a GET send this. */
function checkFetchSite(headers: IncomingHttpHeaders, method: string): OriginVerdict {
  const site = headers["sec-fetch-site"];
  if (site === undefined || site === "same-origin" || site === "none") return { ok: true };
  // A link from elsewhere may open a page.
  const opensPage = headers["sec-fetch-mode"] === "navigate" && headers["sec-fetch-dest"] === "document";
  if (opensPage && (method === "GET" || method === "HEAD")) return { ok: true };
  return { ok: false, cause: "origin", detail: "a page of another site may not call this server" };
}

function isAllowedHost(host: Authority, allowed: AllowedHosts): boolean {
  if (isLoopback(host.name)) return true;
  if (
    allowed.publicUrl !== undefined &&
    matches(host, ofUrl(allowed.publicUrl), allowed.publicUrl.protocol)
  ) {
    return true;
  }
  return isListed(host, allowed.allowedHosts);
}

function isAllowedOrigin(origin: string, host: Authority, allowed: AllowedHosts): boolean {
  if (!URL.canParse(origin)) return false; // "null", as of a sandboxed frame
  const url = new URL(origin);
  if (url.protocol !== "http:" && url.protocol !== "https:") return false;
  const from = ofUrl(url);
  if (matches(from, host, url.protocol)) return true;
  if (allowed.publicUrl !== undefined && url.origin === allowed.publicUrl.origin) return true;
  if (isListed(from, allowed.allowedHosts)) return true;
  if (!isLoopback(from.name) || !isLoopback(host.name)) return false;
  return allowed.anyLoopbackPort === true || portOf(from, url.protocol) === portOf(host, url.protocol);
}

function isListed(host: Authority, list: readonly string[] = []): boolean {
  return list.some((entry) => {
    const listed = parseAuthority(entry);
    return listed?.name === host.name && (listed.port === "" || listed.port === host.port);
  });
}

function matches(a: Authority, b: Authority, protocol: string): boolean {
  return a.name === b.name && portOf(a, protocol) === portOf(b, protocol);
}

function portOf(authority: Authority, protocol: string): string {
  return authority.port === "" ? (protocol === "https:" ? "443" : "80") : authority.port;
}

function ofUrl(url: URL): Authority {
  return { name: url.hostname.toLowerCase(), port: url.port };
}

/** Parses `uri-host [":" port]` (RFC 9110 §7.2); anything else, as a list of two, is undefined. */
function parseAuthority(text: string | undefined): Authority | undefined {
  const match = /^(\[[0-9a-f:.]+\]|[a-z0-9_.-]+)(?::(\d{1,5}))?$/.exec((text ?? "").toLowerCase());
  if (match?.[1] === undefined) return undefined;
  return { name: match[1].replace(/\.$/, ""), port: match[2] ?? "" };
}
