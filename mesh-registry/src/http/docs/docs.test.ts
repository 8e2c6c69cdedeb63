import { expect, test } from "vitest";
import { descriptionOf } from "../../testing/description.js";
import { registryService } from "../../testing/service.js";

test("the page has every operation, leads nowhere else, and needs no script", async () => {
  const service = await registryService();
  const { ask } = service;
  const { status, headers, body } = await ask("GET", "/docs");
  const page = String(body);
  expect([status, headers.get("content-type")]).toEqual([200, "text/html; charset=utf-8"]);
  expect(headers.get("content-security-policy")).toContain("default-src 'none'");
  expect(page).not.toMatch(/<script|<[^>]*\s(?:style|on\w+|src)=|(?:href|action)="\w+:/);
  const description = await descriptionOf(service);
  for (const [path, operations] of Object.entries(description.paths)) {
    for (const method of Object.keys(operations)) {
      expect(page).toContain(`<b class="${method}">${method.toUpperCase()}</b> <code>${path}</code>`);
    }
  }
  const ids = new Set([...page.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id));
  const links = [...page.matchAll(/ (?:href|action)="([^"]+)"/g)].map(([, to = ""]) => to);
  for (const to of links) {
    if (to.startsWith("#")) expect([to, ids.has(to.slice(1))]).toEqual([to, true]);
    else expect([to, (await ask("GET", `/${to}`)).status]).toEqual([to, 200]);
  }
  expect((await ask("GET", "/docs/style.css")).headers.get("content-type")).toBe("text/css; charset=utf-8");
});

test("earlier addresses of the page lead to it", async () => {
  const { url } = await registryService();
  for (const path of ["/redoc", "/docs/"]) {
    const answer = await fetch(`${url}${path}`);
    expect([path, answer.status, answer.url]).toEqual([path, 200, `${url}/docs`]);
  }
});
