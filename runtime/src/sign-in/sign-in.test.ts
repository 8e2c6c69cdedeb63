import { once } from "node:events";
import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { request as httpRequest, type IncomingHttpHeaders } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { createHttpApp } from "../http/app.js";
import { type HttpListener, listen } from "../http/listen.js";
import { resource } from "../http/resource.js";
import { createLog } from "../log.js";
import { ConfigurationError } from "../process/exit.js";
import { createSignIn } from "./create-sign-in.js";
import { addToken, addUser, removeToken, removeUser } from "./edit-users.js";
import { sessionCookiesOf } from "./session-cookie.js";
import { addSessionRoutes } from "./session-routes.js";
import { type Principal, principalOf, type SignIn, type SignInOptions } from "./sign-in.js";
import { hashToken } from "./users-file.js";

const PASSWORD = "correct horse";
const log = createLog("test", { level: "silent" });

/** A file of users with the operator ada; hashing a password takes long on purpose. */
let withAda: string;
let folder: string;
let usersFile: string;
let now: number;
const closers: (() => Promise<void> | void)[] = [];

beforeAll(async () => {
  const once = await mkdtemp(join(tmpdir(), "fieldmesh-users-"));
  const file = join(once, "users.yaml");
  await addUser(file, { name: "ada", role: "operator", password: PASSWORD });
  withAda = await readFile(file, "utf8");
  await rm(once, { recursive: true });
});

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "fieldmesh-users-"));
  usersFile = join(folder, "users.yaml");
  now = Date.now();
});

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
  await rm(folder, { recursive: true, force: true });
});

function verifier(options: Partial<SignInOptions> = {}): SignIn {
  const signIn = createSignIn({ usersFile, host: "127.0.0.1", log, now: () => now, ...options });
  closers.push(() => signIn.close());
  return signIn;
}

interface Service {
  signIn: SignIn;
  listener: HttpListener;
  ask: (
    method: string,
    path: string,
    more?: { headers?: Record<string, string>; body?: unknown },
  ) => Promise<Answer>;
}

interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  json: Record<string, unknown>;
  /** `name=value` of the cookie that was set. */
  cookie: string;
}

async function service(options: Partial<SignInOptions> = {}): Promise<Service> {
  const signIn = verifier(options);
  const app = createHttpApp({
    log,
    hosts: { publicUrl: options.publicUrl, allowedHosts: ["desk.lan"] },
    routes: (router) => {
      addSessionRoutes(router, "/api/session", signIn);
      for (const role of ["viewer", "operator", "admin"] as const) {
        resource(router, `/${role}`, {
          get: [signIn.requireRole(role), (_request, response) => void response.json(principalOf(response))],
        });
      }
    },
  });
  const listener = await listen(app, { host: "127.0.0.1", port: 0, variable: "DASHBOARD_PORT", log });
  closers.push(() => listener.close());
  const ask: Service["ask"] = async (method, path, { headers = {}, body } = {}) => {
    const request = httpRequest({
      host: "127.0.0.1",
      port: listener.port,
      path,
      method,
      headers: {
        host: `localhost:${listener.port}`,
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...headers,
      },
    });
    request.end(body === undefined ? undefined : JSON.stringify(body));
    const [response] = await once(request, "response");
    let text = "";
    for await (const chunk of response) text += String(chunk);
    const [cookie = ""] = response.headers["set-cookie"] ?? [];
    return {
      status: response.statusCode,
      headers: response.headers,
      json: text === "" ? {} : JSON.parse(text),
      cookie: cookie.split(";")[0],
    };
  };
  return { signIn, listener, ask };
}

function credentials(name: string, password = PASSWORD) {
  return { body: { name, password } };
}

describe("without users, on loopback", () => {
  it("lets whoever is at this machine do everything", async () => {
    const { ask } = await service();
    expect(await ask("GET", "/admin")).toMatchObject({
      status: 200,
      json: { name: "local", role: "admin", via: "local" },
    });
    expect((await ask("GET", "/api/session")).json).toEqual({
      user: { name: "local", role: "admin" },
      required: false,
    });
    expect((await ask("POST", "/api/session", credentials("ada"))).json).toMatchObject({ code: "no_users" });
  });

  it.each([
    [{ forwarded: "for=192.0.2.1" }],
    [{ "x-forwarded-for": "127.0.0.1" }],
    [{ "x-forwarded-proto": "https" }],
    [{ "X-Forwarded-Anything": "" }],
    [{ "x-real-ip": "127.0.0.1" }],
    [{ via: "1.1 proxy" }],
    [{ host: "desk.lan" }],
    [{ host: "DESK.lan:3000" }],
  ])("does not hold for a request with %j", async (headers) => {
    const { ask } = await service();
    expect((await ask("GET", "/viewer", { headers: headers as Record<string, string> })).status).toBe(401);
    const session = await ask("GET", "/api/session", { headers: headers as Record<string, string> });
    expect(session.json["user"]).toBeNull();
  });

  it("does not hold for another machine that says Host: localhost, nor without an address", async () => {
    const signIn = verifier();
    const headers = { host: "localhost:3000" };
    expect(await signIn.identify(headers, "127.0.0.1")).toMatchObject({ via: "local" });
    expect(await signIn.identify(headers, "::ffff:127.0.0.1")).toMatchObject({ via: "local" });
    expect(await signIn.identify({ host: "[::1]:3000" }, "::1")).toMatchObject({ via: "local" });
    expect(await signIn.identify(headers, "192.168.1.7")).toBeUndefined();
    expect(await signIn.identify(headers, undefined)).toBeUndefined();
    expect(await signIn.identify({}, "127.0.0.1")).toBeUndefined();
    for (const host of ["localhost.evil.example", "127.0.0.1.nip.io", "evil.example", "localhost@evil", ""]) {
      expect(await signIn.identify({ host }, "127.0.0.1")).toBeUndefined();
    }
  });

  it("does not hold for whoever shows a wrong credential", async () => {
    const signIn = verifier();
    for (const authorization of ["Bearer x", `Bearer fm_${"a".repeat(43)}`, "Basic YTpi", ""]) {
      expect(await signIn.identify({ host: "localhost", authorization }, "127.0.0.1")).toBeUndefined();
    }
  });

  it("ends with the first user, also for a page that is open", async () => {
    const signIn = verifier();
    const local = await signIn.identify({ host: "localhost" }, "127.0.0.1");
    if (local === undefined) throw new Error("not local");
    const ended = new Promise<void>((resolve) => signIn.watch(local, resolve));
    await writeFile(usersFile, withAda);
    await ended;
    expect(await signIn.identify({ host: "localhost" }, "127.0.0.1")).toBeUndefined();
    expect(signIn.required).toBe(true);
  });
});

describe("beyond loopback without users", () => {
  it.each([
    [{ host: "0.0.0.0" }, "HOST=0.0.0.0"],
    [{ host: "::" }, "HOST=::"],
    [{ host: "192.168.1.5" }, "HOST=192.168.1.5"],
    [{ publicUrl: new URL("https://mesh.example.org") }, "PUBLIC_URL=https://mesh.example.org"],
  ])("refuses to start with %j", async (options, named) => {
    expect(() => verifier(options)).toThrow(ConfigurationError);
    expect(() => verifier(options)).toThrow(named);
    expect(() => verifier(options)).toThrow("fieldmesh users add");
  });

  it("starts with a user, and lets nobody in without signing in", async () => {
    await writeFile(usersFile, withAda);
    const signIn = verifier({ host: "0.0.0.0" });
    expect(await signIn.identify({ host: "localhost" }, "127.0.0.1")).toBeUndefined();
    await removeUser(usersFile, "ada");
    await vi.waitFor(async () => {
      expect(await signIn.identify({ host: "localhost" }, "127.0.0.1")).toBeUndefined();
      expect(signIn.required).toBe(true);
    });
  });
});

describe("sessions", () => {
  beforeEach(() => writeFile(usersFile, withAda));

  it("are begun by name and password, held by a strict cookie, and ended by signing out", async () => {
    const { ask } = await service();
    expect((await ask("GET", "/viewer")).status).toBe(401);
    expect((await ask("GET", "/api/session")).json).toEqual({ user: null, required: true });
    const answer = await ask("POST", "/api/session", credentials("ada"));
    expect(answer).toMatchObject({ status: 200, json: { user: { name: "ada", role: "operator" } } });
    const [cookie = ""] = answer.headers["set-cookie"] ?? [];
    expect(cookie).toMatch(
      /^fieldmesh_[0-9a-f]{12}=[\w-]{43}; Path=\/; Max-Age=604800; HttpOnly; SameSite=Strict$/,
    );
    const headers = { cookie: `other=1; ${answer.cookie}; more=2` };
    expect((await ask("GET", "/operator", { headers })).json).toEqual({
      name: "ada",
      role: "operator",
      via: "session",
    });
    expect((await ask("GET", "/admin", { headers })).json).toMatchObject({
      status: 403,
      code: "role_required",
    });
    const out = await ask("DELETE", "/api/session", { headers });
    expect(out.status).toBe(204);
    expect(out.headers["set-cookie"]?.[0]).toContain("Max-Age=0");
    expect((await ask("GET", "/viewer", { headers })).status).toBe(401);
  });

  it("use a Secure __Host- cookie where browsers come by https", async () => {
    const publicUrl = new URL("https://mesh.example.org");
    const { ask } = await service({ publicUrl });
    const answer = await ask("POST", "/api/session", credentials("ada"));
    expect(answer.headers["set-cookie"]?.[0]).toMatch(/^__Host-fieldmesh_[0-9a-f]{12}=.*; Secure$/);
    const plain = { cookie: answer.cookie.replace("__Host-", "") };
    expect((await ask("GET", "/viewer", { headers: plain })).status).toBe(401);
    expect((await ask("GET", "/viewer", { headers: { cookie: answer.cookie } })).status).toBe(200);
  });

  it("of https hold at a service of the same users behind it, and those of http not the other way round", async () => {
    const front = await service({ publicUrl: new URL("https://mesh.example.org") });
    const behind = await service();
    const { cookie } = await front.ask("POST", "/api/session", credentials("ada"));
    const passedOn = sessionCookiesOf({ cookie: `other=1; ${cookie}; fieldmeshy=2` });
    expect(passedOn).toBe(cookie);
    expect((await behind.ask("GET", "/viewer", { headers: { cookie } })).status).toBe(200);
    const plain = (await behind.ask("POST", "/api/session", credentials("ada"))).cookie;
    expect((await front.ask("GET", "/viewer", { headers: { cookie: plain } })).status).toBe(401);
    expect(sessionCookiesOf({ cookie: "other=1" })).toBeUndefined();
  });

  it("cannot be begun from another site's page", async () => {
    const { ask } = await service();
    const headers = { origin: "https://evil.example" };
    expect((await ask("POST", "/api/session", { ...credentials("ada"), headers })).status).toBe(403);
  });

  it("get a new id at each sign-in, and the one before ends", async () => {
    const { ask } = await service();
    const first = (await ask("POST", "/api/session", credentials("ada"))).cookie;
    const second = (await ask("POST", "/api/session", { ...credentials("ada"), headers: { cookie: first } }))
      .cookie;
    expect(second).not.toBe(first);
    expect((await ask("GET", "/viewer", { headers: { cookie: first } })).status).toBe(401);
    expect((await ask("GET", "/viewer", { headers: { cookie: second } })).status).toBe(200);
  });

  it("outlast a restart, and hold at every service that shares the file", async () => {
    const { ask, signIn } = await service();
    const { cookie } = await ask("POST", "/api/session", credentials("ada"));
    const other = verifier();
    expect(await other.identify({ cookie }, "192.0.2.1")).toMatchObject({ name: "ada" });
    signIn.close();
    await ask("DELETE", "/api/session", { headers: { cookie } });
    expect(await other.identify({ cookie }, "192.0.2.1")).toBeUndefined();
  });

  it("do not end those of another service on the same host, whose cookies the browser sends along", async () => {
    const elsewhere = await mkdtemp(join(tmpdir(), "fieldmesh-sign-in-"));
    try {
      const otherFile = join(elsewhere, "users.yaml");
      await writeFile(otherFile, withAda);
      const [here, there] = [await service(), await service({ usersFile: otherFile })];
      const jar = new Map<string, string>(); // as a browser's, by name alone
      for (const { ask } of [here, there]) {
        const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join("; ");
        const answer = await ask("POST", "/api/session", { ...credentials("ada"), headers: { cookie } });
        const [name = "", value = ""] = answer.cookie.split("=");
        jar.set(name, value);
      }
      const headers = { cookie: [...jar].map(([name, value]) => `${name}=${value}`).join("; ") };
      for (const { ask } of [here, there])
        expect((await ask("GET", "/viewer", { headers })).status).toBe(200);
    } finally {
      await rm(elsewhere, { recursive: true });
    }
  });

  it("keep neither the id nor a password where they are kept, for the owner's eyes only", async () => {
    const { ask } = await service();
    const { cookie } = await ask("POST", "/api/session", credentials("ada"));
    const files = await readdir(join(folder, "sessions"));
    const [file = ""] = files.filter((name) => name !== "store.json");
    const path = join(folder, "sessions", file);
    const content = `${file} ${await readFile(path, "utf8")}`;
    expect(content).not.toContain(cookie.split("=")[1]);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
  });

  it("end when nobody used them for a night, or after a week in any case", async () => {
    const { ask } = await service();
    const { cookie } = await ask("POST", "/api/session", credentials("ada"));
    const headers = { cookie };
    const hour = 3_600_000;
    for (let n = 0; n < 16; n += 1) {
      now += 10 * hour;
      expect((await ask("GET", "/viewer", { headers })).status).toBe(200);
    }
    now += 10 * hour; // 170 h: past a week
    expect((await ask("GET", "/viewer", { headers })).status).toBe(401);
    const again = { cookie: (await ask("POST", "/api/session", credentials("ada"))).cookie };
    now += 12 * hour;
    expect((await ask("GET", "/viewer", { headers: again })).status).toBe(401);
    expect(await readdir(join(folder, "sessions"))).toEqual(["store.json"]);
  });

  it.each([
    ["the user is removed", () => writeFile(usersFile, withAda.replaceAll("ada", "eve"))],
    [
      "the role changes",
      () => addUser(usersFile, { name: "ada", role: "admin", password: PASSWORD }, { replace: true }),
    ],
    [
      "the password changes",
      () => addUser(usersFile, { name: "ada", role: "operator", password: "another one" }, { replace: true }),
    ],
    ["the file goes", () => rm(usersFile)],
  ])("end within a second when %s", async (_what, change) => {
    const { ask, signIn } = await service();
    const { cookie } = await ask("POST", "/api/session", credentials("ada"));
    const principal = await signIn.identify({ cookie }, "127.0.0.1");
    if (principal === undefined) throw new Error("not signed in");
    const ended = new Promise<number>((resolve) => signIn.watch(principal, () => resolve(performance.now())));
    await change();
    const changedAt = performance.now();
    expect((await ended) - changedAt).toBeLessThan(1_000);
    expect((await ask("GET", "/viewer", { headers: { cookie } })).status).toBe(401);
  });

  it("end for a page that is open when they are signed out elsewhere, once", async () => {
    const { ask, signIn } = await service();
    const { cookie } = await ask("POST", "/api/session", credentials("ada"));
    const principal = (await signIn.identify({ cookie }, "127.0.0.1")) as Principal;
    let ends = 0;
    const stop = signIn.watch(principal, () => {
      throw new Error("was stopped");
    });
    stop();
    const ended = new Promise<void>((resolve) =>
      signIn.watch(principal, () => {
        ends += 1;
        resolve();
      }),
    );
    await ask("DELETE", "/api/session", { headers: { cookie } });
    await ended;
    expect(ends).toBe(1);
  });

  it.each(["", "x", "a".repeat(43), "../../users", "a".repeat(100_000).slice(0, 9_000)])(
    "are not those of a made-up cookie %#",
    async (id) => {
      const { ask, signIn } = await service();
      const [name] = (await ask("POST", "/api/session", credentials("ada"))).cookie.split("=");
      expect(await signIn.identify({ cookie: `${name}=${id}` }, "127.0.0.1")).toBeUndefined();
      expect(await signIn.identify({ cookie: `${id}=; ;;=${name}` }, "127.0.0.1")).toBeUndefined();
    },
  );

  it("hold on when the file becomes malformed, and go by it when it is repaired", async () => {
    const { ask } = await service();
    const { cookie } = await ask("POST", "/api/session", credentials("ada"));
    const good = await readFile(usersFile, "utf8");
    await writeFile(usersFile, "users: [");
    await new Promise((resolve) => setTimeout(resolve, 250)); // past the freshness of the file
    expect((await ask("GET", "/viewer", { headers: { cookie } })).status).toBe(200);
    await writeFile(usersFile, good.replace("role: operator", "role: viewer"));
    await vi.waitFor(async () => {
      expect((await ask("GET", "/viewer", { headers: { cookie } })).status).toBe(401);
    });
  });
});

describe("attempts", () => {
  beforeEach(() => writeFile(usersFile, withAda));

  it("are refused alike for a wrong password and an unknown name", async () => {
    const { ask } = await service();
    const wrong = await ask("POST", "/api/session", credentials("ada", "wrong"));
    const unknown = await ask("POST", "/api/session", credentials("eve", "wrong"));
    for (const answer of [wrong, unknown]) {
      expect(answer).toMatchObject({ status: 401, json: { code: "bad_credentials" }, cookie: "" });
    }
    expect({ ...wrong.json, requestId: "" }).toEqual({ ...unknown.json, requestId: "" });
    expect((await ask("POST", "/api/session", { body: { name: "ada" } })).status).toBe(422);
    expect((await ask("POST", "/api/session", { body: { name: "ada", password: { $ne: "" } } })).status).toBe(
      422,
    );
  });

  it("are limited by name, whatever address a proxy names, and free again later", async () => {
    const { ask } = await service({ maxAttempts: { byName: 2, byAddress: 30 } });
    const attempt = (n: number, password: string) =>
      ask("POST", "/api/session", {
        ...credentials("ada", password),
        headers: { "x-forwarded-for": `192.0.2.${n}` },
      });
    for (let n = 0; n < 2; n += 1) expect((await attempt(n, "wrong")).status).toBe(401);
    const refused = await attempt(11, PASSWORD);
    expect(refused).toMatchObject({ status: 429, json: { code: "too_many_attempts" } });
    expect(refused.headers["retry-after"]).toBe("300");
    now += 300_000;
    expect((await attempt(12, PASSWORD)).status).toBe(200);
  });

  it("are limited by address, whatever the name", async () => {
    const { ask } = await service({ maxAttempts: { byName: 2, byAddress: 3 } });
    for (let n = 0; n < 3; n += 1) {
      expect((await ask("POST", "/api/session", credentials(`user${n}`, "wrong"))).status).toBe(401);
    }
    expect((await ask("POST", "/api/session", credentials("ada"))).status).toBe(429);
  });

  it("that succeed do not count", async () => {
    const { ask } = await service({ maxAttempts: { byName: 2, byAddress: 3 } });
    for (let n = 0; n < 5; n += 1) {
      expect((await ask("POST", "/api/session", credentials("ada"))).status).toBe(200);
    }
  });
});

describe("tokens", () => {
  it("let programs in with their role until they expire or are removed", async () => {
    const token = await addToken(usersFile, {
      name: "grafana",
      role: "viewer",
      expiresAt: new Date(now + 60_000),
    });
    const { ask } = await service();
    const headers = { authorization: `Bearer ${token}` };
    expect((await ask("GET", "/viewer", { headers })).json).toEqual({
      name: "grafana",
      role: "viewer",
      via: "token",
    });
    expect((await ask("GET", "/operator", { headers })).status).toBe(403);
    now += 60_000;
    expect((await ask("GET", "/viewer", { headers })).status).toBe(401);
    now -= 60_000;
    expect(await removeToken(usersFile, "grafana")).toBe(true);
    await vi.waitFor(async () => expect((await ask("GET", "/viewer", { headers })).status).toBe(401));
  });

  it("that are wrong are not made good by a cookie", async () => {
    await writeFile(usersFile, withAda);
    const { ask } = await service();
    const { cookie } = await ask("POST", "/api/session", credentials("ada"));
    const authorization = `Bearer fm_${"b".repeat(43)}`;
    expect((await ask("GET", "/viewer", { headers: { cookie, authorization } })).status).toBe(401);
  });
});

describe("scopes", () => {
  it("come with users and tokens, and as soon as the file says so", async () => {
    await writeFile(usersFile, withAda.replace("role: operator", "role: operator\n    domains: [sales]"));
    const token = await addToken(usersFile, {
      name: "billing",
      role: "viewer",
      scopes: { products: ["orders"] },
    });
    const { ask } = await service();
    const bearer = { headers: { authorization: `Bearer ${token}` } };
    expect((await ask("GET", "/viewer", bearer)).json).toEqual({
      name: "billing",
      role: "viewer",
      scopes: { domains: [], products: ["orders"] },
      via: "token",
    });
    const { cookie } = await ask("POST", "/api/session", credentials("ada"));
    const seen = async () => (await ask("GET", "/viewer", { headers: { cookie } })).json["scopes"];
    expect(await seen()).toEqual({ domains: ["sales"], products: [] });
    // The page that the user looks at shows what is the user's.
    const { json: session } = await ask("GET", "/api/session", { headers: { cookie } });
    expect(session["user"]).toEqual({ name: "ada", role: "operator", domains: ["sales"] });
    await writeFile(usersFile, (await readFile(usersFile, "utf8")).replace("[ sales ]", "[ lab ]"));
    await vi.waitFor(async () => expect(await seen()).toEqual({ domains: ["lab"], products: [] }), 10_000);
  });
});

describe("keys that a service keeps itself", () => {
  const KEY = "fmk_0123456789abcdefghij";
  const keys = new Map([[hashToken(KEY), { name: "loader", role: "operator" as const }]]);
  const apiKeys = { find: (sha256: string) => keys.get(sha256) };

  it("are taken in either header, and a token in X-API-Key, too", async () => {
    const token = await addToken(usersFile, { name: "grafana", role: "viewer" });
    const { ask } = await service({ apiKeys });
    for (const headers of [{ "x-api-key": KEY }, { authorization: `Bearer ${KEY}` }]) {
      expect((await ask("GET", "/operator", { headers })).json).toEqual({
        name: "loader",
        role: "operator",
        via: "key",
      });
    }
    expect((await ask("GET", "/viewer", { headers: { "x-api-key": token } })).json).toMatchObject({
      name: "grafana",
      via: "token",
    });
    expect((await ask("GET", "/admin", { headers: { "x-api-key": KEY } })).status).toBe(403);
  });

  it("that are wrong let nobody in, also not whoever is at this machine", async () => {
    const { ask } = await service({ apiKeys });
    for (const key of [`${KEY}x`, "fmk_", "", "a b"]) {
      const answer = await ask("GET", "/viewer", { headers: { "x-api-key": key } });
      expect([key, answer.status, answer.headers["www-authenticate"]]).toEqual([
        key,
        401,
        'Bearer realm="fieldmesh"',
      ]);
    }
    const other = await service();
    expect((await other.ask("GET", "/viewer", { headers: { "x-api-key": KEY } })).status).toBe(401);
  });

  it("end what is open with them when they are revoked", async () => {
    const { signIn } = await service({ apiKeys });
    const principal = await signIn.identify({ "x-api-key": KEY }, "127.0.0.1");
    if (principal === undefined) throw new Error("not known");
    const ended = new Promise<void>((resolve) => void signIn.watch(principal, resolve));
    keys.clear();
    await ended;
  });
});

describe("the token of services", () => {
  it("lets another service in, also where people sign in, and nobody else", async () => {
    await writeFile(usersFile, withAda);
    const serviceToken = "fms_0123456789abcdefghij";
    const signIn = verifier({ serviceToken });
    const bearer = (token: string) => signIn.identify({ authorization: `Bearer ${token}` }, "192.0.2.7");
    const principal = await bearer(serviceToken);
    expect(principal).toEqual({ name: "service", role: "admin", via: "service" });
    expect(await bearer(`${serviceToken}k`)).toBeUndefined();
    expect(
      await verifier().identify({ authorization: `Bearer ${serviceToken}` }, "192.0.2.7"),
    ).toBeUndefined();
  });
});

describe("the file of users", () => {
  it.each([
    ["format: 2\nusers: []", "has format 2, from a later version"],
    ["users: []", "no format version"],
    ["format: 1\nusers: [{name: ada, role: king, password: x}]", "users.0.role"],
    ["format: 1\nusers: [{name: ada, role: admin, password: plain}]", "expected a scrypt hash"],
    ["format: 1\nuser: []", "user"],
    ["format: 1\nusers: {", "users.yaml"],
    ["just text", "expected"],
  ])("is refused at start when it says %j", async (content, message) => {
    await writeFile(usersFile, content);
    expect(() => verifier()).toThrow(ConfigurationError);
    expect(() => verifier()).toThrow(message);
    expect(() => verifier()).toThrow(usersFile);
  });

  it("needs a place for sessions beside it, which is said at the start", async () => {
    await writeFile(usersFile, withAda);
    await writeFile(join(folder, "sessions"), "a file where the folder belongs");
    expect(() => verifier()).toThrow(ConfigurationError);
    expect(() => verifier()).toThrow(`${join(folder, "sessions")} cannot be written (EEXIST)`);
  });

  it("that cannot be read does not open the service", async () => {
    await addUser(usersFile, { name: "ada", role: "admin", password: PASSWORD });
    const signIn = verifier();
    await rm(usersFile);
    await vi.waitFor(async () => expect(signIn.required).toBe(true));
    await new Promise((resolve) => setTimeout(resolve, 250));
    expect(await signIn.identify({ host: "localhost" }, "127.0.0.1")).toBeUndefined();
    await addUser(usersFile, { name: "bob", role: "admin", password: PASSWORD });
    await chmod(usersFile, 0o600);
    await vi.waitFor(async () => expect(signIn.required).toBe(true));
  });
});
