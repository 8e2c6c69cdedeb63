import { expect, test } from "vitest";
import type { Subscription } from "../resources/subscription.js";
import { subscriptionId } from "../store/subscriptions.js";
import { temporaryFolder } from "../testing/embedded.js";
import { peopleIn } from "../testing/people.js";
import { type Answered, orders, registryService, SALES, type Service } from "../testing/service.js";

const PEOPLE = {
  root: { role: "admin" },
  alice: { role: "operator" }, // owns the domain sales
  tom: { role: "viewer" }, // is of its team
  bob: { role: "viewer" },
  eve: { role: "operator" },
  cleo: { role: "viewer", domains: ["lab"] },
} as const;

const code = ({ status, body }: Answered): [number, unknown] => [status, (body as { code?: unknown }).code];
const its = ({ body }: Answered): Subscription => body as Subscription;
const states = ({ body }: Answered): string[] => (body as Subscription[]).map(({ state }) => state);

/** A registry with a restricted product of alice, and people. */
async function market(
  product: object = {},
  world: Parameters<typeof registryService>[2] = {},
): Promise<
  Service & { as: Awaited<ReturnType<typeof peopleIn<keyof typeof PEOPLE>>>; ofBob: string; orders: string }
> {
  const folder = await temporaryFolder();
  const as = await peopleIn<keyof typeof PEOPLE>(folder, {
    ...PEOPLE,
    cleo: { role: "viewer", domains: ["lab"] },
  });
  const service = await registryService({}, folder, world);
  await service.ask("POST", "/domains", { ...SALES, team: ["tom"] }, as.root);
  await service.ask("POST", "/products", orders(product), as.root);
  return { ...service, as, ofBob: subscriptionId("orders", "bob"), orders: "/products/orders/subscriptions" };
}

const WANTED = { purpose: "billing" };

test("a consumer asks, the owner approves, and takes it back; it may be asked for again, and nothing is forgotten", async () => {
  const { ask, as, orders: path, ofBob } = await market();
  const may = async (): Promise<unknown> =>
    ((await ask("GET", "/products/orders/access", undefined, as.bob)).body as { may: unknown }).may;
  expect(await may()).toEqual({
    allowed: false,
    reason: '"orders" is restricted: ask for it with POST /products/orders/subscriptions',
  });
  const asked = await ask("POST", path, WANTED, as.bob);
  expect([asked.status, asked.headers.get("location")]).toEqual([201, `/subscriptions/${ofBob}`]);
  expect(asked.body).toMatchObject({
    consumer: "bob",
    state: "requested",
    askedBy: "bob",
    purpose: "billing",
  });
  expect(await may()).toMatchObject({ allowed: false, reason: expect.stringContaining("waits for alice") });
  const inbox = await ask("GET", "/subscriptions/inbox", undefined, as.tom);
  expect(inbox.body).toEqual([asked.body]);

  const approved = await ask("POST", `/subscriptions/${ofBob}/approve`, undefined, as.tom);
  expect([approved.status, its(approved).state, its(approved).decidedBy]).toEqual([200, "approved", "tom"]);
  expect(await may()).toEqual({ allowed: true, reason: "subscription approved by tom" });
  expect((await ask("GET", "/subscriptions/inbox", undefined, as.alice)).body).toEqual([]);

  expect(code(await ask("POST", `/subscriptions/${ofBob}/revoke`, {}, as.alice))).toEqual([422, "invalid"]);
  const reason = { reason: "the contract ended" };
  expect((await ask("POST", `/subscriptions/${ofBob}/revoke`, reason, as.alice)).body).toMatchObject({
    state: "revoked",
    ...reason,
  });
  expect(await may()).toMatchObject({
    allowed: false,
    reason: expect.stringContaining("the contract ended"),
  });

  expect((await ask("POST", path, { purpose: "audit" }, as.bob)).status).toBe(201);
  const rejected = await ask("POST", `/subscriptions/${ofBob}/reject`, { reason: "no" }, as.root);
  expect(its(rejected).history.map(({ state, by }) => [state, by])).toEqual([
    ["requested", "bob"],
    ["approved", "tom"],
    ["revoked", "alice"],
    ["requested", "bob"],
    ["rejected", "root"],
  ]);
  expect(its(rejected).history.map(({ purpose }) => purpose)).toEqual([
    "billing",
    undefined,
    undefined,
    "audit",
    undefined,
  ]);
  expect((await ask("GET", `/subscriptions/${ofBob}`, undefined, as.bob)).body).toEqual(rejected.body);
});

test("only who owns the product decides, and only who is concerned sees it", async () => {
  const { ask, as, orders: path, ofBob } = await market();
  await ask("POST", path, WANTED, as.bob);
  for (const verb of ["approve", "reject"]) {
    const by = await ask("POST", `/subscriptions/${ofBob}/${verb}`, { reason: "mine" }, as.bob);
    expect([verb, ...code(by)]).toEqual([verb, 403, "not_yours"]);
    const other = await ask("POST", `/subscriptions/${ofBob}/${verb}`, { reason: "mine" }, as.eve);
    expect([verb, ...code(other)]).toEqual([verb, 404, "not_found"]);
  }
  expect(code(await ask("GET", `/subscriptions/${ofBob}`, undefined, as.eve))).toEqual([404, "not_found"]);
  for (const list of ["/subscriptions", path]) {
    expect(states(await ask("GET", list, undefined, as.eve))).toEqual([]);
    expect(states(await ask("GET", list, undefined, as.bob))).toEqual(["requested"]);
    expect(
      states(await ask("GET", `${list}?state=requested&consumer=bob`, undefined, as.alice)),
    ).toHaveLength(1);
    expect(states(await ask("GET", `${list}?state=approved`, undefined, as.alice))).toEqual([]);
  }
  expect(states(await ask("GET", "/subscriptions/inbox", undefined, as.bob))).toEqual([]);
  // Nobody asks in another's name but who decides anyway.
  const forBob = { ...WANTED, consumer: "bob" };
  expect(code(await ask("POST", path, forBob, as.eve))).toEqual([403, "not_yours"]);
  expect((await ask("POST", path, { ...WANTED, consumer: "pipeline" }, as.alice)).status).toBe(201);
  // A consumer goes by itself, also before it was let in.
  expect((await ask("POST", `/subscriptions/${ofBob}/revoke`, { reason: "done" }, as.bob)).status).toBe(200);
  expect(code(await ask("POST", `/subscriptions/${ofBob}/approve`, {}, as.alice))).toEqual([409, "conflict"]);
  // What was refused is in the log.
  const log = await ask("GET", "/products/orders/access-log?allowed=false", undefined, as.alice);
  const who = (log.body as { who: string }[]).map((entry) => entry.who);
  expect(new Set(who)).toEqual(new Set(["bob", "eve"]));
  expect(code(await ask("GET", "/products/orders/access-log", undefined, as.bob))).toEqual([
    403,
    "not_yours",
  ]);
});

test("asked twice, also at once, it is one; of two who decide at once one does", async () => {
  const { ask, as, orders: path, ofBob } = await market();
  const both = await Promise.all([ask("POST", path, WANTED, as.bob), ask("POST", path, WANTED, as.bob)]);
  expect(both.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 201]);
  expect(both[0]?.body).toEqual(both[1]?.body);
  expect(states(await ask("GET", "/subscriptions", undefined, as.root))).toEqual(["requested"]);
  const rule = (verb: string, by: { Authorization: string }): Promise<Answered> =>
    ask("POST", `/subscriptions/${ofBob}/${verb}`, { reason: "so it is" }, by);
  const statuses = async (...rulings: Promise<Answered>[]): Promise<number[]> =>
    (await Promise.all(rulings)).map(({ status }) => status).toSorted((a, b) => a - b);
  expect(await statuses(rule("approve", as.alice), rule("approve", as.tom), rule("reject", as.root))).toEqual(
    [200, 409, 409],
  );
  if (its(await ask("GET", `/subscriptions/${ofBob}`, undefined, as.bob)).state === "rejected") {
    await ask("POST", path, WANTED, as.bob);
    await rule("approve", as.alice);
  }
  expect(await statuses(rule("revoke", as.alice), rule("revoke", as.bob))).toEqual([200, 409]);
  // Retiring the product and approving a consumer at once: never both.
  await ask("POST", path, WANTED, as.bob);
  const [approved, retired] = await Promise.all([
    rule("approve", as.alice),
    ask("DELETE", "/products/orders", undefined, { ...as.alice, "If-Match": "*" }),
  ]);
  expect([approved.status, retired.status].toSorted((a, b) => a - b)).toEqual([200, 409]);
});

test("who decides has seen it, where it says so, and an answer that was lost is given again", async () => {
  const { ask, as, orders: path, ofBob } = await market();
  const first = await ask("POST", path, WANTED, as.bob);
  const stale = { ...as.alice, "If-Match": first.headers.get("etag") ?? "" };
  await ask("POST", `/subscriptions/${ofBob}/reject`, { reason: "no" }, stale);
  await ask("POST", path, { purpose: "something else" }, as.bob);
  expect(code(await ask("POST", `/subscriptions/${ofBob}/approve`, {}, stale))).toEqual([412, "changed"]);
  const key = { ...as.alice, "Idempotency-Key": "a-1" };
  const approved = await ask("POST", `/subscriptions/${ofBob}/approve`, {}, key);
  const again = await ask("POST", `/subscriptions/${ofBob}/approve`, {}, key);
  expect([approved.status, again.status, again.headers.get("idempotency-replayed")]).toEqual([
    200,
    200,
    "true",
  ]);
  expect(again.body).toEqual(approved.body);
});

test("the access policy of the newest version lets in whom it names, and nobody who only says so", async () => {
  const { ask, as, orders: path } = await market();
  const publish = async (version: string, accessPolicy: object): Promise<void> => {
    const made = await ask(
      "POST",
      "/products/orders/versions",
      { version, schema: { a: "string" }, accessPolicy },
      as.alice,
    );
    expect(made.status).toBe(201);
  };
  await publish("1.0", { consumers: ["bob"], domains: ["lab"], autoApprove: true });
  const bobs = await ask("POST", path, WANTED, as.bob);
  expect(bobs.body).toMatchObject({ state: "approved", decidedBy: "registry:policy" });
  // Of a domain is whose credential or whose domain says so.
  const eves = await ask("POST", path, { ...WANTED, consumerDomain: "lab" }, as.eve);
  expect(code(eves)).toEqual([403, "not_yours"]);
  expect((await ask("POST", path, WANTED, as.cleo)).body).toMatchObject({ state: "approved" });
  const may = async (who: { Authorization: string }): Promise<unknown> =>
    ((await ask("GET", "/products/orders/access", undefined, who)).body as { may: unknown }).may;
  expect(await may(as.cleo)).toMatchObject({ reason: expect.stringContaining("version 1.0.0") });
  // What the owner took back is the owner's to give again, however often it is asked for.
  const cleos = `/subscriptions/${subscriptionId("orders", "cleo")}`;
  await ask("POST", `${cleos}/revoke`, { reason: "enough" }, as.alice);
  expect((await ask("POST", path, WANTED, as.cleo)).body).toMatchObject({ state: "requested" });
  expect((await ask("POST", path, WANTED, as.cleo)).body).toMatchObject({ state: "requested" });
  expect((await ask("POST", `${cleos}/approve`, {}, as.alice)).status).toBe(200);
  // Who left by itself comes back so.
  await ask("POST", `${cleos}/revoke`, { reason: "done" }, as.cleo);
  expect((await ask("POST", path, WANTED, as.cleo)).body).toMatchObject({ state: "approved" });
  // A narrower one ends what was open by the policy alone; what was approved stays until it is revoked.
  await publish("1.1", { consumers: ["eve"] });
  expect(await may(as.bob)).toMatchObject({ allowed: true });
  expect(code(await ask("POST", path, WANTED, as.tom))).toEqual([201, undefined]); // decides anyway
  expect((await ask("POST", path, WANTED, as.eve)).body).toMatchObject({ state: "requested" });
});

test("it ends by itself when its time has come, also while the registry is not there", async () => {
  let ahead = 0;
  const clock = (): number => Date.now() + ahead;
  const service = await market({}, { clock });
  const { ask, as, orders: path, ofBob } = service;
  const approve = (expiresAt: number | null): Promise<Answered> =>
    ask("POST", `/subscriptions/${ofBob}/approve`, { expiresAt }, as.alice);
  await ask("POST", path, { ...WANTED, expiresAt: clock() + 100_000_000 }, as.bob);
  expect(code(await approve(clock() - 1))).toEqual([422, "invalid"]);
  expect((await approve(clock() + 60_000)).status).toBe(200);
  // What is approved can be given another end, or none.
  expect(its(await approve(clock() + 50_000)).expiresAt).toBeDefined();
  expect(its(await approve(null)).expiresAt).toBeUndefined();
  const until = clock() + 60_000;
  await approve(until);
  expect((await ask("GET", "/products/orders/access", undefined, as.bob)).body).toMatchObject({
    may: { allowed: true, until, reason: expect.stringContaining(new Date(until).toISOString()) },
  });
  // By the clock, before anything is written.
  ahead = 60_001;
  expect((await ask("GET", "/products/orders/access", undefined, as.bob)).body).toMatchObject({
    may: { allowed: false, reason: expect.stringContaining("has expired") },
  });
  await service.close();
  const again = await registryService({}, service.folder, { clock });
  const { body } = await again.ask("GET", `/subscriptions/${ofBob}`, undefined, as.bob);
  expect(body).toMatchObject({ state: "expired" });
  expect((body as Subscription).history.at(-1)).toMatchObject({ state: "expired", by: "registry:expiry" });
});

test("a product is retired once nobody is approved any more, and what waits is ended with it", async () => {
  const { ask, as, orders: path, ofBob } = await market();
  await ask("POST", path, WANTED, as.bob);
  await ask("POST", `/subscriptions/${ofBob}/approve`, {}, as.alice);
  await ask("POST", path, WANTED, as.eve);
  const retire = (): Promise<Answered> =>
    ask("DELETE", "/products/orders", undefined, { ...as.alice, "If-Match": "*" });
  const refused = await retire();
  expect(code(refused)).toEqual([409, "conflict"]);
  expect((refused.body as { errors: unknown[] }).errors).toMatchObject([
    { pointer: "/consumers", value: "bob" },
  ]);
  await ask("POST", `/subscriptions/${ofBob}/revoke`, { reason: "it goes" }, as.alice);
  expect((await retire()).status).toBe(200);
  expect(
    its(await ask("GET", `/subscriptions/${subscriptionId("orders", "eve")}`, undefined, as.eve)),
  ).toMatchObject({
    state: "rejected",
    reason: 'data product "orders" was retired',
    decidedBy: "registry:retired",
  });
  expect(code(await ask("POST", path, WANTED, as.bob))).toEqual([409, "conflict"]);
});
