import type { IncomingHttpHeaders } from "node:http";

/** `__Host-` has browsers refuse the cookie unless it is Secure, for `/`, and of this very host. */
const SECURE_NAME = "__Host-fieldmesh";
const PLAIN_NAME = "fieldmesh";

/** The cookie that carries a session's id. */
export interface SessionCookie {
  read(headers: IncomingHttpHeaders): string | undefined;
  /** A value of `Set-Cookie`; an empty id removes it. */
  write(id: string, maxAgeMs: number): string;
}

/**
 * Browsers keep cookies by host name, whatever the port: services of one host that do not share their sessions each
 * need a name of their own, or signing in to one signs out of the other.
 * @param secure whether browsers reach the service over https
 * @param storeId of the sessions' store, `[A-Za-z0-9_-]+`
 */
export function sessionCookie(secure: boolean, storeId: string): SessionCookie {
  const name = `${secure ? SECURE_NAME : PLAIN_NAME}_${storeId}`;
  return {
    read: (headers) => readCookie(headers.cookie, name),
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
