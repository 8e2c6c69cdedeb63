import type { IncomingHttpHeaders } from "node:http";
import type { Request, RequestHandler, Response } from "express";
import { isLoopback } from "../environment/loopback.js";
import { HttpProblem } from "../http/problem.js";
import type { Log } from "../log.js";
import { Attempts } from "./attempts.js";
import { clientKey, isForwarded } from "./client-address.js";
import { Gate } from "./gate.js";
import type { LiveUsers } from "./live-users.js";
import { NOBODYS_HASH, verifyPassword } from "./password-hash.js";
import { includesRole, type Role } from "./role.js";
import { type SessionCookie, sessionCookie } from "./session-cookie.js";
import { type SessionLimits, SessionStore } from "./session-store.js";
import type { ApiKeys, Principal, SignIn, SignInOptions } from "./sign-in.js";
import { API_KEY_PREFIX, hashToken, type Token } from "./users-file.js";
import { Watches } from "./watches.js";

const DEFAULT_LIMITS: SessionLimits = {
  idleMs: 12 * 3_600_000, // a night
  absoluteMs: 7 * 24 * 3_600_000,
  maxSessions: 10_000,
};
/** People mistype, programs that guess need millions; of one address there may be many people. */
const MAX_ATTEMPTS = { byName: 10, byAddress: 30 };
const ATTEMPTS = { windowMs: 300_000, maxKeys: 10_000 };
/** Hashing one password takes 32 MiB. */
const HASHING = { width: 2, waiting: 20 };
const PURGE_MS = 3_600_000;
/** What may be a token or a key (RFC 6750 §2.1). */
const SECRET = /^[A-Za-z0-9._~+/-]{20,200}=*$/;

const LOCAL: Principal = { name: "local", role: "admin", via: "local" };
const SERVICE: Principal = { name: "service", role: "admin", via: "service" };

/** What a principal was known by. Kept beside it, so that it is never sent or logged with it. */
type Credential =
  | { kind: "local" }
  | { kind: "service" }
  | { kind: "token"; sha256: string; role: Role }
  | { kind: "key"; sha256: string; role: Role }
  | { kind: "session"; id: string };

/** See {@link SignIn}. */
export class Verifier implements SignIn {
  readonly #users: LiveUsers;
  readonly #apiKeys: ApiKeys | undefined;
  /** Its hash, as of other tokens: how long comparing takes tells nothing of it. */
  readonly #serviceToken: string | undefined;
  readonly #sessions: SessionStore;
  readonly #limits: SessionLimits;
  readonly #secure: boolean;
  readonly #localOnly: boolean;
  readonly #log: Log;
  readonly #now: () => number;
  readonly #byName: Attempts;
  readonly #byAddress: Attempts;
  readonly #hashing = new Gate(HASHING);
  readonly #credentials = new WeakMap<Principal, Credential>();
  readonly #watches: Watches;
  #purgeTimer: NodeJS.Timeout | undefined;

  constructor(options: SignInOptions, users: LiveUsers, sessions: string, localOnly: boolean) {
    this.#users = users;
    this.#apiKeys = options.apiKeys;
    this.#serviceToken = options.serviceToken === undefined ? undefined : hashToken(options.serviceToken);
    this.#localOnly = localOnly;
    this.#log = options.log;
    this.#now = options.now ?? Date.now;
    this.#limits = { ...DEFAULT_LIMITS, ...options.limits };
    this.#sessions = new SessionStore(sessions, this.#limits, this.#now);
    this.#secure = options.tls === true || options.publicUrl?.protocol === "https:";
    this.#watches = new Watches((principal) => this.#stillHolds(principal), options.log);
    const { byName, byAddress } = options.maxAttempts ?? MAX_ATTEMPTS;
    this.#byName = new Attempts({ ...ATTEMPTS, max: byName, now: this.#now });
    this.#byAddress = new Attempts({ ...ATTEMPTS, max: byAddress, now: this.#now });
  }

  start(): void {
    this.#watches.start();
    this.#purgeTimer = setInterval(() => this.#purge(), PURGE_MS).unref();
    this.#purge();
  }

  close(): void {
    clearInterval(this.#purgeTimer);
    this.#watches.close();
  }

  get required(): boolean {
    return !(this.#localOnly && this.#users.areNone);
  }

  async identify(
    headers: IncomingHttpHeaders,
    remoteAddress: string | undefined,
  ): Promise<Principal | undefined> {
    const { authorization, "x-api-key": apiKey } = headers;
    // Who presents a credential is judged by it alone: a wrong token is not let in by a cookie.
    if (authorization !== undefined) return this.#bySecret(/^Bearer +(.+)$/i.exec(authorization)?.[1]);
    if (apiKey !== undefined) return this.#bySecret(String(apiKey));
    // Most programs send no cookie: the name of ours is looked up for those that do.
    const id = headers.cookie === undefined ? undefined : (await this.#cookie())?.read(headers);
    const principal = id === undefined ? undefined : await this.#bySession(id);
    if (principal !== undefined) return principal;
    return this.#isLocal(headers, remoteAddress) ? this.#known({ ...LOCAL }, { kind: "local" }) : undefined;
  }

  requireRole(role: Role): RequestHandler {
    return async (request, response, next) => {
      const principal = await this.identify(request.headers, request.socket.remoteAddress);
      if (principal === undefined) {
        throw new HttpProblem(401, "sign_in_required", "sign in, or send a token as Authorization: Bearer", {
          headers: { "WWW-Authenticate": 'Bearer realm="fieldmesh"' },
        });
      }
      if (!includesRole(principal.role, role)) {
        throw new HttpProblem(
          403,
          "role_required",
          `this needs the role ${role}; ${principal.name} is ${principal.role}`,
        );
      }
      response.locals["principal"] = principal;
      next();
    };
  }

  watch(principal: Principal, onEnded: () => void): () => void {
    return this.#watches.add(principal, onEnded);
  }

  async signIn(
    request: Request,
    response: Response,
    { name, password }: { name: string; password: string },
  ): Promise<Principal> {
    const address = clientKey(request.headers, request.socket.remoteAddress);
    this.#takeAttempt(name, address);
    const user = this.#users.current.users.get(name);
    const matches = await this.#hashing.run(() => verifyPassword(password, user?.password ?? NOBODYS_HASH));
    if (matches === undefined) throw tooMany(1_000);
    if (!matches || user === undefined) {
      this.#log.warn({ user: name.slice(0, 64), address }, "sign-in refused");
      throw new HttpProblem(401, "bad_credentials", "name or password is wrong");
    }
    this.#byName.giveBack(name);
    this.#byAddress.giveBack(address);
    await this.#endSessionOf(request); // an id that was there before signing in is never taken over
    const id = await this.#sessions.create(user.name, user.fingerprint);
    const cookie = await this.#cookie();
    if (cookie !== undefined) response.append("Set-Cookie", cookie.write(id, this.#limits.absoluteMs));
    this.#log.info({ user: name, role: user.role, address }, "signed in");
    return this.#known({ ...named(user), via: "session" }, { kind: "session", id });
  }

  async signOut(request: Request, response: Response): Promise<void> {
    await this.#endSessionOf(request);
    const cookie = await this.#cookie();
    if (cookie !== undefined) response.append("Set-Cookie", cookie.write("", 0));
  }

  /** Undefined as long as there was never a session to carry. */
  async #cookie(): Promise<SessionCookie | undefined> {
    const storeId = await this.#sessions.id();
    return storeId === undefined ? undefined : sessionCookie(this.#secure, storeId);
  }

  #takeAttempt(name: string, address: string): void {
    const waitMs = Math.max(this.#byAddress.take(address), this.#byName.take(name));
    if (waitMs === 0) return;
    this.#log.warn({ user: name.slice(0, 64), address }, "too many attempts to sign in");
    throw tooMany(waitMs);
  }

  async #endSessionOf(request: Request): Promise<void> {
    const id = (await this.#cookie())?.read(request.headers);
    if (id !== undefined) await this.#sessions.remove(id);
  }

  /** A token of the file of users, or a key of the service itself: its prefix tells. */
  #bySecret(secret: string | undefined): Principal | undefined {
    if (secret === undefined || !SECRET.test(secret)) return undefined;
    const sha256 = hashToken(secret);
    if (sha256 === this.#serviceToken) return this.#known({ ...SERVICE }, { kind: "service" });
    if (secret.startsWith(API_KEY_PREFIX)) {
      const key = this.#apiKeys?.find(sha256);
      if (key === undefined) return undefined;
      return this.#known({ ...named(key), via: "key" }, { kind: "key", sha256, role: key.role });
    }
    const token = this.#users.current.tokens.get(sha256);
    if (token === undefined || this.#isExpired(token)) return undefined;
    return this.#known({ ...named(token), via: "token" }, { kind: "token", sha256, role: token.role });
  }

  #isExpired({ expiresAt }: Token): boolean {
    return expiresAt !== undefined && expiresAt <= this.#now();
  }

  async #bySession(id: string): Promise<Principal | undefined> {
    const session = await this.#sessions.find(id);
    if (session === undefined) return undefined;
    const user = this.#users.current.users.get(session.user);
    if (user?.fingerprint !== session.fingerprint) {
      await this.#sessions.remove(id);
      return undefined;
    }
    return this.#known({ ...named(user), via: "session" }, { kind: "session", id });
  }

  /** Without users, for whoever is at this machine itself: not through a proxy, and not by another name. */
  #isLocal(headers: IncomingHttpHeaders, remoteAddress: string | undefined): boolean {
    return (
      !this.required &&
      isLoopback(hostName(headers.host)) &&
      !isForwarded(headers) &&
      remoteAddress !== undefined &&
      isLoopback(remoteAddress)
    );
  }

  #known(principal: Principal, credential: Credential): Principal {
    this.#credentials.set(principal, credential);
    return principal;
  }

  async #stillHolds(principal: Principal): Promise<boolean> {
    const credential = this.#credentials.get(principal);
    if (credential === undefined) return false;
    if (credential.kind === "local") return !this.required;
    if (credential.kind === "service") return true;
    if (credential.kind === "session") return (await this.#bySession(credential.id)) !== undefined;
    if (credential.kind === "key") {
      return this.#apiKeys?.find(credential.sha256)?.role === credential.role;
    }
    const token = this.#users.current.tokens.get(credential.sha256);
    return token?.role === credential.role && !this.#isExpired(token);
  }

  #purge(): void {
    this.#sessions.purge().catch((error: unknown) => {
      this.#log.error({ err: error }, "sessions that are over could not be removed");
    });
  }
}

function named({ name, role, scopes }: Omit<Principal, "via">): Omit<Principal, "via"> {
  return { name, role, ...(scopes === undefined ? {} : { scopes }) };
}

function hostName(host: string | undefined): string {
  return (host ?? "").replace(/:\d*$/, "");
}

function tooMany(waitMs: number): HttpProblem {
  const seconds = Math.ceil(waitMs / 1_000);
  return new HttpProblem(429, "too_many_attempts", `too many attempts to sign in: wait ${seconds} s`, {
    headers: { "Retry-After": String(seconds) },
  });
}
