import type { IncomingHttpHeaders } from "node:http";
import type { Request, RequestHandler, Response } from "express";
import type { Log } from "../log.js";
import type { Role } from "./role.js";
import type { SessionLimits } from "./session-store.js";

/** What a user, token or key may beyond its role. */
export interface Scopes {
  /** Domains of the data mesh that it is of, as their owner. */
  domains: readonly string[];
  /** Data products that it may read, as who is subscribed to them. */
  products: readonly string[];
}

/** Who makes a request. */
export interface Principal {
  /** Of the user, token or key; `service` of another service, `local` on this machine without sign-in. */
  name: string;
  role: Role;
  /** Absent where there are none. */
  scopes?: Scopes;
  via: "session" | "token" | "key" | "service" | "local";
}

/** Keys for programs that a service keeps itself; see `API_KEY_PREFIX`. */
export interface ApiKeys {
  /** Whose key it is; undefined when there is none of this hash, or it has ended. Called for each request. */
  find(sha256: string): Pick<Principal, "name" | "role" | "scopes"> | undefined;
}

export interface SignInOptions {
  /** `USERS_FILE`. Sessions are kept in `sessions/` beside it, so that services which share it share them. */
  usersFile: string;
  /** `HOST`. */
  host: string;
  /** `PUBLIC_URL`. */
  publicUrl?: URL | undefined;
  /** Whether the listener itself speaks TLS. */
  tls?: boolean;
  log: Log;
  /** ms since the epoch. */
  now?: () => number;
  limits?: Partial<SessionLimits>;
  /** Failed attempts within 5 minutes. */
  maxAttempts?: { byName: number; byAddress: number };
  /** Of a service that keeps keys of its own. */
  apiKeys?: ApiKeys | undefined;
  /** `SERVICE_TOKEN`: whoever shows it is another service of this installation, `service`, an admin. */
  serviceToken?: string | undefined;
}

/** One verifier for every HTTP service; see `createSignIn`. */
export interface SignIn {
  /** Who makes a request or a WebSocket handshake; undefined when they have to sign in. */
  identify(headers: IncomingHttpHeaders, remoteAddress: string | undefined): Promise<Principal | undefined>;
  /** Lets only those pass who have this role or a higher one: else 401 or 403. */
  requireRole(role: Role): RequestHandler;
  /** Whether there are people to sign in as; false: whoever is at this machine may do everything. */
  readonly required: boolean;
  /**
   * Calls `onEnded` once, within a second of the time when the principal may no longer what it may: signed out,
   * expired, removed, or given another role or password. Being watched counts as use of the session.
   * @returns ends the watch.
   */
  watch(principal: Principal, onEnded: () => void): () => void;
  /** @throws HttpProblem 401 when name or password is wrong, 429 after too many attempts. */
  signIn(
    request: Request,
    response: Response,
    credentials: { name: string; password: string },
  ): Promise<Principal>;
  signOut(request: Request, response: Response): Promise<void>;
  close(): void;
}

/** Who made a request that passed {@link SignIn.requireRole}. @throws TypeError when it did not have to. */
export function principalOf(response: Response): Principal {
  const principal: unknown = response.locals["principal"];
  if (principal === undefined) throw new TypeError("this route has no requireRole before it");
  return principal as Principal;
}
