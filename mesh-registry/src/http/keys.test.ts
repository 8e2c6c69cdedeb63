import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { temporaryFolder } from "../testing/embedded.js";
import { peopleIn } from "../testing/people.js";
import { type Answered, orders, registryService, SALES } from "../testing/service.js";

const code = ({ status, body }: Answered): [number, unknown] => [status, (body as { code?: unknown }).code];
const keyed = (key: string) => ({ "X-API-Key": key });

test("the first key is in a file of its owner's alone, and is made once", async () => {
  const folder = await temporaryFolder();
  await peopleIn(folder, {});
  const file = join(folder, "registry", "first-key");
  const first = await registryService({}, folder);
  const key = (await readFile(file, "utf8")).trim();
  expect(key).toMatch(/^fmk_[\w-]{43}$/);
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  expect((await first.ask("POST", "/domains", SALES, keyed(key))).status).toBe(201);
  // Neither the list nor the store has it.
  const listed = await first.ask("GET", "/keys", undefined, { Authorization: `Bearer ${key}` });
  expect(listed.body).toMatchObject([{ id: "first-key", role: "admin", lastUsedAt: expect.any(Number) }]);
  expect(JSON.stringify(listed.body)).not.toContain(key.slice(4));
  expect((await first.ask("DELETE", "/keys/first-key", undefined, keyed(key))).status).toBe(204);
  expect((await first.ask("GET", "/domains", undefined, keyed(key))).status).toBe(401);
  await first.close();
  const second = await registryService({}, folder);
  expect((await readFile(file, "utf8")).trim()).toBe(key); // no new one
  expect((await second.ask("GET", "/domains", undefined, keyed(key))).status).toBe(401);
});

test("a key is who it is named, with its role and scopes, until it ends or is revoked", async () => {
  let ahead = 0;
  const folder = await temporaryFolder();
  const as = await peopleIn(folder, { root: { role: "admin" }, olga: { role: "operator" } });
  const { ask, close } = await registryService({}, folder, { clock: () => Date.now() + ahead });
  await ask("POST", "/domains", SALES, as.root);
  const make = (input: object): Promise<Answered> => ask("POST", "/keys", input, as.root);
  const keyOf = ({ body }: Answered): string => (body as { key: string }).key;

  const made = await make({ name: "loader", role: "operator", domains: ["sales"] });
  expect([made.status, made.headers.get("cache-control")]).toEqual([201, "no-store"]);
  const loader = keyOf(made);
  expect((await ask("POST", "/products", orders(), keyed(loader))).status).toBe(201);
  const reader = keyOf(await make({ name: "reader", role: "viewer", products: ["orders"] }));
  expect((await ask("GET", "/products/orders/access", undefined, keyed(reader))).body).toMatchObject({
    may: { allowed: true, reason: 'the credential of reader names "orders"' },
  });
  const short = keyOf(await make({ name: "short", role: "viewer", expiresAt: Date.now() + 600_000 }));
  expect((await ask("GET", "/products", undefined, keyed(short))).status).toBe(200);
  ahead = 600_001;
  expect((await ask("GET", "/products", undefined, keyed(short))).status).toBe(401);

  expect(code(await make({ name: "loader", role: "viewer" }))).toEqual([409, "exists"]);
  expect(code(await make({ name: "local", role: "viewer" }))).toEqual([422, "invalid"]);
  expect(code(await make({ name: "old", role: "viewer", expiresAt: 1 }))).toEqual([422, "invalid"]);
  expect(code(await ask("POST", "/keys", { name: "x", role: "admin" }, as.olga))).toEqual([
    403,
    "role_required",
  ]);
  expect(code(await ask("GET", "/keys", undefined, keyed(reader)))).toEqual([403, "role_required"]);
  expect(code(await ask("POST", "/products", orders({ id: "b" }), keyed(reader)))).toEqual([
    403,
    "role_required",
  ]);

  const wrong = await ask("GET", "/products", undefined, keyed(`${reader}x`));
  expect([wrong.status, wrong.headers.get("www-authenticate")]).toEqual([401, 'Bearer realm="fieldmesh"']);
  await close();
  const again = await registryService({}, folder);
  const { id } = made.body as { id: string };
  expect((await again.ask("GET", "/products", undefined, keyed(loader))).status).toBe(200);
  expect((await again.ask("DELETE", `/keys/${id}`, undefined, as.root)).status).toBe(204);
  expect((await again.ask("GET", "/products", undefined, keyed(loader))).status).toBe(401);
  expect(code(await again.ask("DELETE", `/keys/${id}`, undefined, as.root))).toEqual([404, "not_found"]);
});

test("without users whoever is at the machine needs no key, but one that is shown has to be right", async () => {
  const { ask } = await registryService();
  expect((await ask("GET", "/domains")).status).toBe(200);
  expect((await ask("GET", "/domains", undefined, keyed("fmk_0123456789012345678901234567890"))).status).toBe(
    401,
  );
  expect((await ask("GET", "/domains", undefined, keyed("x"))).status).toBe(401);
});
