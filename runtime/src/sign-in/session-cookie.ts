import type { IncomingHttpHeaders } from "node:http";

/** `__Host-` has browsers refuse the cookie unless it is Secure, for `/`, and of this very host. */
const SECURE_NAME = "__Host-fieldmesh";
const PLAIN_NAME = "fieldmesh";
const NAMES = [SECURE_NAME, PLAIN_NAME];

/** The cookie that carries a session's id. */
export interface SessionCookie {
  read(headers: IncomingHttpHeaders): string | undefined;
  /** A value of `Set-Cookie`; an empty id removes it. */
  write(id: string, maxAgeMs: number): string;
}

/**
 * The pairs of a `Cookie` header that may carry a session, for a service that passes a request on to another one;
 * undefined when there is none. Other programs' cookies of the same host are nobody's business.
 */
export function sessionCookiesOf(headers: IncomingHttpHeaders): string | undefined {
  const pairs = (headers.cookie ?? "").split(";").map((pair) => pair.trim());
  const ours = pairs.filter((pair) => NAMES.some((name) => pair.startsWith(`${name}_`)));
  return ours.length === 0 ? undefined : ours.join("; ");
}

/**
 * Browsers keep cookies by host name, whatever the port: services of one host that do not share their sessions each
 * need a name of their own, or signing in to one signs out of the other.
 * @param secure whether browsers reach the service over https
 * @param storeId of the sessions' store, `[A-Za-z0-9_-]+`
 */
export function sessionCookie(secure: boolean, storeId: string): SessionCookie {
  const name = `${secure ? SECURE_NAME : PLAIN_NAME}_${storeId}`;
  // A service that browsers do not reach themselves, behind one that they reach over https, gets that one's cookie.
  // The other way round would let a page of plain http plant a session.
  const names = secure ? [name] : [`${SECURE_NAME}_${storeId}`, name];
  return {
    read: (headers) => {
      for (const each of names) {
        const id = readCookie(headers.cookie, each);
        if (id !== undefined) return id;
      }
      return undefined;
    },
    write: (id, maxAgeMs) => {
      const maxAge = id === "" ? 0 : Math.floor(maxAgeMs / 1_000);
      return `${name}=${id}; Path=/; Max-Age=${maxAge}; HttpOnly; SameSite=Strict${secure ? "; Secure" : ""}`;
    },
  };
}

function readCookie(header: string | undefined, name: string): string | undefined {
  for (const pair of (header ?? "").split(";")) {
    const at = pair.indexOf("=");
    if (at > 0 && pair.slice(0, at).trim() === name) return pair.slice(at + 1).trim();
  }
  return undefined;
}
