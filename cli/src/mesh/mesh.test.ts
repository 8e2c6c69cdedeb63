import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadNodeConfig } from "@fieldmesh/edge";
import { type Registry, startRegistry } from "@fieldmesh/mesh-registry";
import { addUser, createLog } from "@fieldmesh/runtime";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { runCommand } from "../program.js";
import { capturedTerminal } from "../testing/captured-terminal.js";

const TEMPLATE = new URL("../../../mesh-registry/examples/templates/edge-node.yaml", import.meta.url)
  .pathname;
const POLICY = `id: complete
name: Complete
type: quality
scope: { kind: global }
enforcement: mandatory
rules: [completeness >= 95%]
`;

// Many commands, one after the other, on a machine that may be busy.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

let folder: string;
const registries: Registry[] = [];
let url: string;

async function newRegistry(own?: string): Promise<string> {
  own ??= await mkdtemp(join(folder, "registry-"));
  const registry = await startRegistry(
    { host: "127.0.0.1", port: 0, usersFile: join(own, "users.yaml"), folder: join(own, "registry") },
    { log: createLog("registry", { level: "silent" }) },
  );
  registries.push(registry);
  return registry.url;
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "fieldmesh-mesh-"));
  url = await newRegistry();
});
afterAll(async () => {
  await Promise.all(registries.map((registry) => registry.close()));
  await rm(folder, { recursive: true, force: true });
});

interface Ran {
  code: number;
  out: string;
  err: string;
}

/** Runs `fieldmesh mesh …`; words are parted by blanks, those with blanks are given as lists. */
async function mesh(
  command: string | string[],
  more: { at?: string; stdin?: string; env?: Record<string, string> } = {},
): Promise<Ran> {
  const words = typeof command === "string" ? command.split(" ") : command;
  const env = { REGISTRY_URL: more.at ?? url, DATA_DIR: join(folder, "data"), ...more.env };
  const terminal = capturedTerminal({ env, ...(more.stdin === undefined ? {} : { stdin: more.stdin }) });
  const code = await runCommand(["mesh", ...words], terminal);
  return { code, out: terminal.out(), err: terminal.err() };
}

/** Must work; gives what `--json` prints. */
async function json<T>(command: string, at?: string): Promise<T> {
  const { code, out, err } = await mesh(`${command} --json`, at === undefined ? {} : { at });
  expect([command, code, err]).toEqual([command, 0, ""]);
  return JSON.parse(out) as T;
}

async function done(command: string | string[], stdin?: string): Promise<string> {
  const { code, out, err } = await mesh(command, stdin === undefined ? {} : { stdin });
  expect([command, code, err]).toEqual([command, 0, ""]);
  return out;
}

describe("fieldmesh mesh", () => {
  it("registers, publishes and finds", async () => {
    await done("domains add shop --owner alice --team bob");
    await done("domains change shop --name Shop");
    expect(await done("domains show shop")).toMatch(/name +Shop\n/);
    await done("domains add gone --owner alice");
    await done("domains remove gone");
    expect(await json<object[]>("domains list")).toMatchObject([
      { id: "shop", owner: "alice", team: ["bob"] },
    ]);
    await done(
      "products register orders --domain shop --owner alice --tag Money --sla freshness=24h --sla completeness=98 --mqtt live=shop/+/orders/raw",
    );
    await done("publish orders 1.0 --schema -", "{amount: decimal, note: string}");
    expect(await done("products show orders")).toMatch(
      /status +active\n[\s\S]*promises +freshness 24h, completeness 98/,
    );
    await done("products register invoices --domain shop --owner alice --input orders --status active");
    expect(await done("products list --domain shop")).toContain("invoices");
    expect(await done("versions orders")).toContain("1.0.0");
    await done("products register returns --domain shop --owner alice --status active");
    await done([
      "lineage",
      "add",
      "orders",
      "returns",
      "--type",
      "derived",
      "--transformation",
      "those sent back",
    ]);
    expect(await done("lineage show orders")).toMatch(/\+1 +returns/);
    expect(await done("search orders")).toContain("orders");
    expect(await done("search orders --facets")).toMatch(/domain +shop +1/);
    expect(await done("impact orders")).toMatch(
      /0 +orders +alice[\s\S]*\+1 +returns +alice[\s\S]*tell alice/,
    );
    expect(await done("products contract orders")).toContain("apiVersion: v3.1.0");
    const contract = await done("products contract orders");
    expect(await done("products import -", contract.replace("name: orders", "name: Orders"))).toContain(
      "orders 1.0.0",
    );
    expect(await done("products contract orders --asyncapi")).toContain('"asyncapi": "3.0.0"');
  });

  it("refuses with what is wrong, and the code that says whose fault it is", async () => {
    const broken = await mesh("publish orders 1.1 --schema -", { stdin: "{amount: string}" });
    expect([broken.code, broken.err]).toEqual([1, expect.stringContaining("$.amount")]);
    const wrong = await mesh("products register o$ders --domain shop --owner alice");
    expect([wrong.code, wrong.err]).toEqual([2, expect.stringContaining("1 to 100 letters")]);
    expect((await mesh("products show nobody")).err).toContain('there is no data product "nobody"');
    expect((await mesh("domains add shop --owner alice")).code).toBe(1);
    expect((await mesh("products register x --domain shop --owner a --sla fresh")).err).toContain(
      "name=value",
    );
    const away = await mesh("domains list", { at: "http://127.0.0.1:9" });
    expect([away.code, away.err]).toEqual([1, expect.stringContaining("REGISTRY_URL")]);
  });

  it("asks, approves, shows the way in, and revokes", async () => {
    const asked = await json<{ id: string }>(
      "subscriptions ask orders --purpose revenue --consumer wallboard",
    );
    expect(await done("subscriptions list --inbox")).toContain(asked.id);
    expect(await done("subscriptions approve orders --consumer wallboard --for 90d")).toContain(
      "approved until 20",
    );
    expect(await done("access orders")).toContain("shop/+/orders/raw");
    await done("log-access orders --what read --consumer wallboard");
    expect((await mesh("subscriptions revoke orders --consumer wallboard")).code).toBe(2);
    await done([
      "subscriptions",
      "revoke",
      "orders",
      "--consumer",
      "wallboard",
      "--reason",
      "no longer needed",
    ]);
    expect(await json<object[]>("subscriptions list --state revoked")).toMatchObject([
      { consumer: "wallboard" },
    ]);
  });

  it("governs: unknown until it was measured", async () => {
    await done("policies add -", POLICY);
    expect(await done("policies list")).toContain("completeness >= 95%");
    expect(await done("compliance orders")).toMatch(/complete +mandatory +completeness >= 95% +unknown/);
    await done("products quality orders completeness=98.5");
    expect(await done("compliance orders")).toMatch(/completeness >= 95% +pass +posted/);
    await done("policies add - --replace", POLICY.replace("95%", "99%"));
    const failing = await mesh("compliance orders");
    expect([failing.code, failing.out]).toEqual([1, expect.stringMatching(/>= 99% +fail/)]);
    // All of them are judged one after the other.
    await vi.waitFor(async () => expect((await mesh("compliance")).code).toBe(1), { timeout: 15_000 });
    await done("products attest orders encryption_at_rest");
    const twice = await mesh("policies add -", { stdin: "id: a b\ntype: qality\n" });
    expect([twice.code, twice.err]).toEqual([
      2,
      expect.stringMatching(/problems in -\n.*line 2: type is "qality"/s),
    ]);
    await done("policies remove complete");
  });

  it("provisions a bundle that the edge takes, lets its node in, and takes both back", async () => {
    await done("domains add env --owner ann");
    await done(["templates", "add", TEMPLATE]);
    expect(await done("templates list")).toContain("edge,credentials,compose");
    const out = join(folder, "barn");
    const command = ["provision", "edge-node", "barn_climate", "-p", "domain=env", "-p", "node=barn"];
    const made = await done([...command, "-p", "label=The barn", "--out", out, "--add-credentials"]);
    expect(made).toMatch(/storage +external/);
    expect(await loadNodeConfig(join(out, "edge.yaml"))).toMatchObject({ node: "barn", label: "The barn" });
    expect((await stat(join(out, "node.env"))).mode & 0o777).toBe(0o600);
    const passwords = join(folder, "data", "credentials", "password_file");
    expect(await readFile(passwords, "utf8")).toMatch(/^barn:\$7\$/);
    expect(await done("provisions")).toMatch(/barn_climate +edge-node +ready +barn/);
    await done("provision edge-node barn_climate --undo --add-credentials");
    expect(await readFile(passwords, "utf8")).not.toContain("barn");
    expect((await mesh("products show barn_climate")).code).toBe(1);
  });
});

describe("keys", () => {
  it("let in whoever has one, from the first that the registry wrote to one that is revoked", async () => {
    const own = await mkdtemp(join(folder, "keyed-"));
    await addUser(join(own, "users.yaml"), {
      name: "root",
      role: "admin",
      password: "correct horse battery",
    });
    const at = await newRegistry(own);
    const without = await mesh("domains list", { at });
    expect([without.code, without.err]).toEqual([1, expect.stringContaining("REGISTRY_KEY")]);
    const first = { REGISTRY_KEY_FILE: join(own, "registry", "first-key") };
    const made = await mesh("keys add pipeline --role viewer --expires 90d", { at, env: first });
    expect([made.code, made.err]).toEqual([0, expect.stringContaining("shown this once")]);
    const key = { REGISTRY_KEY: made.out.trim() };
    expect((await mesh("domains list", { at, env: key })).code).toBe(0);
    const denied = await mesh("domains add sales --owner alice", { at, env: key });
    expect([denied.code, denied.err]).toEqual([1, expect.stringContaining("role")]);
    expect((await mesh("keys list", { at, env: first })).out).toMatch(/pipeline +viewer/);
    expect((await mesh("keys revoke pipeline", { at, env: first })).code).toBe(0);
    expect((await mesh("domains list", { at, env: key })).code).toBe(1);
  });
});

describe("a folder of a mesh", () => {
  it("is what it was exported from, also elsewhere, and changes what was changed in it", async () => {
    const path = join(folder, "mesh");
    await done("publish orders 2.0 --schema - --allow-role analyst", "{amount: string}");
    await done(["export", path]);
    expect((await readdir(path)).toSorted()).toEqual([
      "domains",
      "lineage.yaml",
      "policies",
      "products",
      "templates",
      "versions",
    ]);
    expect(await readdir(join(path, "versions"))).toEqual(["orders@1.0.0.yaml"]);
    const again = await json<{ actions: object[] }>(`import ${path}`);
    expect(again.actions).toEqual([]);

    const other = await newRegistry();
    const dry = await json<{ actions: object[] }>(`import ${path} --dry-run`, other);
    expect(await json<object[]>("domains list", other)).toEqual([]);
    expect((await json<{ actions: object[] }>(`import ${path}`, other)).actions).toEqual(
      dry.actions.map((action) => ({ ...action })),
    );
    expect((await json<{ actions: object[] }>(`import ${path}`, other)).actions).toEqual([]);
    const copy = join(folder, "copy");
    expect((await mesh(["export", copy], { at: other })).code).toBe(0);
    for (const name of [
      "products/orders.yaml",
      "versions/orders@1.0.0.yaml",
      "lineage.yaml",
      "domains/shop.yaml",
    ]) {
      expect([name, await readFile(join(copy, name), "utf8")]).toEqual([
        name,
        await readFile(join(path, name), "utf8"),
      ]);
    }

    const file = join(path, "domains", "shop.yaml");
    const text = await readFile(file, "utf8");
    await writeFile(file, text.replace("owner: alice", "owner: bob"));
    expect(await done(["import", path, "--dry-run"])).toContain("change domain shop: owner\n1 would be done");
    await done(["import", path]);
    expect(await json<object>("domains show shop")).toMatchObject({ owner: "bob" });
    await writeFile(file, text.replace("owner: alice", "owner: 7"));
    const wrong = await mesh(["import", path]);
    expect([wrong.code, wrong.err]).toEqual([
      2,
      expect.stringMatching(/domains\/shop\.yaml\n.*line 3: owner is 7/s),
    ]);
    await writeFile(file, text);
    const product = join(path, "products", "orders.yaml");
    const contract = await readFile(product, "utf8");
    await writeFile(product, contract.replace("username: alice", "usrname: alice"));
    const lost = await mesh(["import", path]);
    expect([lost.code, lost.err]).toEqual([
      2,
      expect.stringMatching(/products\/orders\.yaml\n.*line \d+: owner/s),
    ]);
  });

  it("that is none is refused", async () => {
    const { code, err } = await mesh(["import", join(folder, "nothing")]);
    expect([code, err]).toEqual([2, expect.stringContaining("nothing of a mesh")]);
  });
});

describe("fieldmesh mesh demo", () => {
  it("runs the eleven steps of the example, in a registry that is there and in one of its own", async () => {
    const told = await done("demo --prefix demo-");
    for (let step = 1; step <= 11; step += 1) expect(told).toContain(`${step}. `);
    expect(told).toMatch(/completeness >= 95%: unknown \(none\)[\s\S]*completeness >= 95%: pass \(posted\)/);
    expect(told).toMatch(/timeliness <= 24h: pass \(posted\): timeliness is 2\.5h/);
    expect(told).toMatch(/encryption_at_rest: pass \(attested\)/);
    expect(told).toMatch(/compute: external, not provided here: set up "compute" \(provider "spark"\)/);
    const steps = (await done("demo --here --json")).trim().split("\n");
    expect(steps.map((line) => (JSON.parse(line) as { step: number }).step)).toEqual([
      1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11,
    ]);
  });
});
