import { join } from "node:path";
import { addToken, addUser } from "@fieldmesh/runtime";
import { expect, test } from "vitest";
import { temporaryFolder } from "../testing/embedded.js";
import { type Answered, orders, registryService, SALES } from "../testing/service.js";

const ids = ({ body }: Answered): string[] => (body as { id: string }[]).map(({ id }) => id);

test("products are found by words of name, description, tags, owner and fields, best first, page by page", async () => {
  const service = await registryService();
  const { ask, url } = service;
  await ask("POST", "/domains", SALES);
  for (const product of [
    { id: "a-orders", description: "all of them" },
    { id: "orders" },
    { id: "customers", description: "who gave us orders", owner: "Bob Jones" },
    { id: "returns", tags: ["Orders", "late"] },
    { id: "drafted-orders", status: "draft" },
    { id: "weather" },
  ]) {
    expect((await ask("POST", "/products", orders(product))).status).toBe(201);
  }
  await ask("POST", "/products/weather/versions", {
    version: "1",
    schema: { outdoorTemperature: "decimal", at: { zone: "string" } },
  });
  const find = async (query: string): Promise<string[]> => ids(await ask("GET", `/products?${query}`));
  expect(await find("q=orders")).toEqual(["a-orders", "orders", "returns", "customers"]);
  expect(await find("q=ord")).toEqual(["a-orders", "orders", "returns", "customers"]);
  expect(await find("q=orders%20LATE")).toEqual(["returns"]);
  expect(await find("q=jones")).toEqual(["customers"]);
  expect(await find("q=temperature")).toEqual(["weather"]);
  expect(await find("q=orders&status=draft")).toEqual(["drafted-orders"]);
  expect(await find("q=nothing")).toEqual([]);
  expect(await find("q=%3F")).toEqual([]);
  expect(await find("q=")).toHaveLength(5);
  expect(await find("field=ZONE")).toEqual(["weather"]);
  expect(await find("field=zon")).toEqual([]);

  const first = await ask("GET", "/products?q=orders&limit=3");
  expect([ids(first), first.headers.get("x-total-count")]).toEqual([["a-orders", "orders", "returns"], "4"]);
  const next = /^<(.+)>; rel="next"$/.exec(first.headers.get("link") ?? "")?.[1] ?? "";
  expect(ids(await ask("GET", new URL(next, url).href.slice(url.length)))).toEqual(["customers"]);
  expect(await find("q=orders&offset=1&limit=1")).toEqual(["orders"]);

  await ask("PUT", "/products/weather", { ...orders(), id: undefined, tags: ["late"] }, { "If-Match": "*" });
  await ask("POST", "/products/weather/versions", { version: "2", schema: { humidity: "decimal" } });
  expect(await find("q=temperature")).toEqual([]);
  expect(await find("q=humid%20late")).toEqual(["weather"]);

  const facets = await ask("GET", "/products/facets?tag=late");
  expect(facets.body).toEqual({
    domain: { sales: 2 },
    tag: { late: 2, orders: 1 }, // as if no tag were chosen
    owner: { alice: 2 },
    status: { active: 2 },
    visibility: { restricted: 2 },
  });
  expect((await ask("GET", "/products/facets?q=orders")).body).toMatchObject({
    owner: { alice: 3, "Bob Jones": 1 },
    status: { active: 4, draft: 1 },
  });
  await service.close();
  const again = await registryService({}, service.folder);
  expect(ids(await again.ask("GET", "/products?q=humid"))).toEqual(["weather"]);
});

test("private products are found, and counted, only by who may see them", async () => {
  const folder = await temporaryFolder();
  const usersFile = join(folder, "users.yaml");
  await addUser(usersFile, { name: "root", role: "admin", password: "correct horse battery" });
  const as = (token: string) => ({ Authorization: `Bearer ${token}` });
  const admin = as(await addToken(usersFile, { name: "boss", role: "admin" }));
  const other = as(await addToken(usersFile, { name: "eve", role: "viewer" }));
  const { ask } = await registryService({}, folder);
  await ask("POST", "/domains", SALES, admin);
  await ask("POST", "/products", orders({ id: "orders", visibility: "private" }), admin);
  await ask("POST", "/products", orders({ id: "open-orders" }), admin);
  for (const [headers, seen] of [
    [admin, ["open-orders", "orders"]],
    [other, ["open-orders"]],
  ] as const) {
    const found = await ask("GET", "/products?q=orders", undefined, headers);
    expect([ids(found), found.headers.get("x-total-count")]).toEqual([seen, String(seen.length)]);
    const counts = await ask("GET", "/products/facets?q=orders", undefined, headers);
    expect(counts.body).toMatchObject({ domain: { sales: seen.length } });
  }
});
