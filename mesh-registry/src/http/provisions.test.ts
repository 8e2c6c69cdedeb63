import { readFileSync } from "node:fs";
import { readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseEnv } from "node:util";
import { gunzipSync } from "node:zlib";
import { aclBlock, parseAclFile, parsePasswordFile, startBroker } from "@fieldmesh/broker";
import { loadNodeConfig } from "@fieldmesh/edge";
import { addToken, addUser, createMqttLink } from "@fieldmesh/runtime";
import { extract } from "tar-stream";
import { expect, onTestFinished, test } from "vitest";
import { parse } from "yaml";
import type { BundleFile, Provision } from "../resources/provision.js";
import { embeddedStorage, temporaryFolder } from "../testing/embedded.js";
import { quiet } from "../testing/quiet.js";
import { type Answered, registryService, SALES, type Service } from "../testing/service.js";

const ENV = { id: "env", name: "Environment", owner: "ann" };

/** A node with one sensor, and what belongs to it. */
const NODE = readFileSync(new URL("../../examples/templates/edge-node.yaml", import.meta.url), "utf8");

function code({ status, body }: Answered): [number, unknown] {
  return [status, (body as { code?: string }).code];
}

async function bundleOf({ ask }: Service, id: string): Promise<Map<string, BundleFile>> {
  const { body } = await ask("GET", `/provisions/${id}/bundle?format=json`);
  return new Map((body as { files: BundleFile[] }).files.map((file) => [file.name, file]));
}

async function world(): Promise<Service> {
  const service = await registryService();
  await service.ask("POST", "/domains", ENV);
  expect((await service.ask("POST", "/templates", parse(NODE) as object)).status).toBe(201);
  return service;
}

const asked = (more: object = {}) => ({
  template: "edge-node",
  product: "barn_climate",
  parameters: { domain: "env", node: "barn", label: "The barn", ...more },
});

test("a provision is a bundle that an edge node, a broker and compose take, whatever the parameters hold", async () => {
  const service = await world();
  const nasty = `x\ny: 1 # \${label} "'\\ {a}: [b] & *c !!d`;
  const made = await service.ask("POST", "/provisions", asked({ label: nasty }));
  expect(made.status).toBe(201);
  const provision = made.body as Provision;
  expect(provision.steps.map(({ name, state }) => [name, state])).toEqual([
    ["product", "done"],
    ["edge", "done"],
    ["credentials", "done"],
    ["compose", "done"],
    ["storage", "external"],
    ["bundle", "done"],
  ]);
  expect(provision.steps[4]?.detail).toContain('provider "s3", bucket "barn_climate"');
  expect((await service.ask("GET", `/provisions/${provision.id}`)).body).toEqual(provision);
  expect((await service.ask("GET", "/products/barn_climate")).body).toMatchObject({
    status: "draft",
    owner: "local",
    outputPorts: [{ kind: "mqtt", topicFilter: "env/barn/+/raw" }],
  });

  const files = await bundleOf(service, provision.id);
  expect([...files.keys()].toSorted()).toEqual([...provision.files].toSorted());
  const textOf = (name: string): string => files.get(name)?.text ?? "";
  const folder = await temporaryFolder();
  await writeFile(join(folder, "edge.yaml"), textOf("edge.yaml"));
  expect(await loadNodeConfig(join(folder, "edge.yaml"))).toMatchObject({
    node: "barn",
    domain: "env",
    label: nasty,
    sensors: [{ id: "temperature", intervalMs: 2_000 }],
  });
  expect(parse(textOf("docker-compose.edge.yml"))).toMatchObject({
    services: {
      "edge-barn": { environment: { NOTE: `costs 5$$ at ${nasty.replaceAll("$", "$$$$")}` } },
    },
  });
  expect(textOf("acl_file.lines").replace(/^#.*\n/, "")).toBe(
    aclBlock({ user: "barn", role: "node", domain: "env", name: "barn" }),
  );
  expect(parseAclFile(textOf("acl_file.lines"), "acl")).toBeDefined();
  expect([...parsePasswordFile(textOf("password_file.lines"), "passwords").keys()]).toEqual(["barn"]);
});

test("its node is let in by a broker that has the lines, and nobody with another password", async () => {
  const service = await world();
  const { body } = await service.ask("POST", "/provisions", asked());
  const files = await bundleOf(service, (body as Provision).id);
  const folder = await temporaryFolder();
  const [passwordFile, aclFile] = [join(folder, "passwords"), join(folder, "acl")];
  await writeFile(passwordFile, files.get("password_file.lines")?.text ?? "", { mode: 0o600 });
  await writeFile(aclFile, files.get("acl_file.lines")?.text ?? "", { mode: 0o600 });
  const broker = await startBroker({ port: 0, passwordFile, aclFile });
  onTestFinished(() => broker.close());
  const settings = parseEnv(files.get("node.env")?.text ?? "");
  const outcomeOf = (password: string | undefined): Promise<string> =>
    new Promise((resolve) => {
      const link = createMqttLink({
        urls: [`mqtt://127.0.0.1:${broker.port}`],
        clientId: "fm_env_barn",
        username: settings["MQTT_USERNAME"],
        password,
        log: quiet,
        onRefused: () => resolve("refused"),
      });
      onTestFinished(() => link.close());
      link.onConnect(() => resolve("connected"));
      link.start();
    });
  expect(await outcomeOf(settings["MQTT_PASSWORD"])).toBe("connected");
  expect(await outcomeOf("another")).toBe("refused");
});

test("the same again changes nothing; with other parameters what differs is made anew", async () => {
  const service = await world();
  const first = await service.ask("POST", "/provisions", asked());
  const { id } = first.body as Provision;
  const before = await bundleOf(service, id);
  const again = await service.ask("POST", "/provisions", asked());
  expect([again.status, again.body, again.headers.get("etag")]).toEqual([
    200,
    first.body,
    first.headers.get("etag"),
  ]);
  const changed = await service.ask("POST", "/provisions", asked({ interval: "5s" }));
  expect([changed.status, (changed.body as Provision).id]).toEqual([200, id]);
  expect((changed.body as Provision).steps.at(-1)).toMatchObject({ detail: "changed: edge.yaml" });
  const after = await bundleOf(service, id);
  expect(after.get("edge.yaml")?.text).toContain("interval: 5s");
  expect(after.get("node.env")).toEqual(before.get("node.env"));
  expect((await service.ask("GET", "/provisions?product=barn_climate&state=ready")).body).toMatchObject([
    { id },
  ]);
  // After a restart the password is still known, though it is kept nowhere.
  await service.close();
  const reopened = await registryService({}, service.folder);
  expect(await bundleOf(reopened, id)).toEqual(after);
  const password = /MQTT_PASSWORD=(.+)/.exec(after.get("node.env")?.text ?? "")?.[1] ?? "none";
  await reopened.close();
  const { mode } = await stat(join(service.folder, "registry", "provisioning-key"));
  expect(mode & 0o777).toBe(0o600);
  expect(await readFile(join(service.folder, "registry", "provisioning-key"), "utf8")).not.toContain(
    password,
  );
});

test("what is undone is gone, and a credential that was withdrawn never comes back", async () => {
  const service = await world();
  const made = await service.ask("POST", "/provisions", asked());
  const { id } = made.body as Provision;
  const before = await bundleOf(service, id);
  expect(code(await service.ask("DELETE", `/provisions/${id}`))).toEqual([428, "if_match_required"]);
  const ifMatch = { "If-Match": made.headers.get("etag") ?? "" };
  const undone = await service.ask("DELETE", `/provisions/${id}`, undefined, ifMatch);
  expect(undone.body).toMatchObject({ state: "undone", files: [] });
  expect((undone.body as Provision).steps.map(({ state }) => state)).toEqual([
    "undone",
    "undone",
    "undone",
    "undone",
    "external",
    "undone",
  ]);
  expect(code(await service.ask("GET", "/products/barn_climate"))).toEqual([404, "not_found"]);
  expect(code(await service.ask("GET", `/provisions/${id}/bundle`))).toEqual([409, "conflict"]);
  const redone = await service.ask("POST", "/provisions", asked());
  expect(redone.body).toMatchObject({ id, state: "ready" });
  expect((await bundleOf(service, id)).get("node.env")).not.toEqual(before.get("node.env"));
  // A product that somebody uses stays.
  await service.ask("POST", "/products/barn_climate/versions", { version: "1", schema: { value: "number" } });
  const kept = await service.ask("DELETE", `/provisions/${id}`, undefined, { "If-Match": "*" });
  expect((kept.body as Provision).steps[0]).toMatchObject({ detail: "it is in use: it stays" });
  expect((await service.ask("GET", "/products/barn_climate")).status).toBe(200);
});

test("the archive has the same files, the secret ones for their owner only", async () => {
  const service = await world();
  const { body } = await service.ask("POST", "/provisions", asked());
  const { id } = body as Provision;
  const fetched = async (): Promise<Buffer> =>
    Buffer.from(await (await fetch(`${service.url}/provisions/${id}/bundle`)).arrayBuffer());
  const archive = await fetched();
  expect((await fetched()).equals(archive)).toBe(true);
  const found = new Map<string, { mode: number | undefined; text: string }>();
  const tar = extract();
  tar.end(gunzipSync(archive));
  for await (const entry of tar) {
    let text = "";
    for await (const chunk of entry) text += String(chunk);
    found.set(entry.header.name.replace("barn_climate/", ""), { mode: entry.header.mode, text });
  }
  for (const [name, { text, secret }] of await bundleOf(service, id)) {
    expect([name, found.get(name)]).toEqual([name, { mode: secret ? 0o600 : 0o644, text }]);
  }
});

test("what a template does not know is named", async () => {
  const { ask } = await world();
  const faults = async (path: string, body: object): Promise<unknown> => {
    const answer = await ask("POST", path, body);
    const { errors } = answer.body as { errors?: { pointer: string }[] };
    return [answer.status, (errors ?? []).map(({ pointer }) => pointer)];
  };
  expect(await faults("/provisions", asked({ intervall: "5s" }))).toEqual([422, ["/parameters/intervall"]]);
  expect(await faults("/provisions", { template: "edge-node", product: "x" })).toEqual([
    422,
    ["/parameters/label", "/parameters/domain"],
  ]);
  expect(await faults("/provisions", asked({ node: "Not A Name" }))).toEqual([422, ["/parameters/node"]]);
  expect(await faults("/provisions", asked({ broker: "mqtt://x\nMQTT_CA=/etc" }))).toEqual([
    422,
    ["/parameters/broker"],
  ]);
  expect(await faults("/provisions", asked({ domain: "sales" }))).toEqual([422, ["/domain"]]);
  expect(await faults("/provisions", { ...asked(), template: "none" })).toEqual([404, []]);
  const unknown = { name: "s3", settings: { bucket: `\${bukket}` } };
  expect(await faults("/templates", { id: "t", name: "T", components: [unknown] })).toEqual([
    422,
    ["/components/0/settings"],
  ]);
  await ask("POST", "/domains", SALES);
  await ask("POST", "/products", { id: "sold", domain: "sales", owner: "ann" });
  expect(await faults("/provisions", { ...asked(), product: "sold" })).toEqual([422, ["/parameters/domain"]]);
});

test("who may change a product has its bundle, and nobody else", async () => {
  const folder = await temporaryFolder();
  const usersFile = join(folder, "users.yaml");
  await addUser(usersFile, { name: "root", role: "admin", password: "correct horse battery" });
  const tokens = {
    admin: await addToken(usersFile, { name: "a", role: "admin" }),
    ann: await addToken(usersFile, { name: "ann", role: "operator", scopes: { domains: ["env"] } }),
    bob: await addToken(usersFile, { name: "bob", role: "operator" }),
    viewer: await addToken(usersFile, { name: "v", role: "viewer" }),
  };
  const { ask } = await registryService({}, folder);
  const as = (who: keyof typeof tokens) => ({ Authorization: `Bearer ${tokens[who]}` });
  await ask("POST", "/domains", { ...ENV, owner: "somebody" }, as("admin"));
  await ask("POST", "/templates", parse(NODE) as object, as("admin"));
  expect(code(await ask("POST", "/provisions", asked(), as("viewer")))).toEqual([403, "role_required"]);
  expect(code(await ask("POST", "/provisions", asked(), as("bob")))).toEqual([403, "not_yours"]);
  const made = await ask("POST", "/provisions", asked(), as("ann"));
  const { id } = made.body as Provision;
  expect([made.status, (made.body as Provision).by]).toEqual([201, "ann"]);
  expect((await ask("GET", "/products/barn_climate", undefined, as("ann"))).body).toMatchObject({
    owner: "ann",
  });
  const bundle = `/provisions/${id}/bundle`;
  expect((await ask("GET", bundle, undefined, as("ann"))).status).toBe(200);
  for (const who of ["bob", "viewer"] as const) {
    expect([who, (await ask("GET", bundle, undefined, as(who))).status]).toEqual([who, 403]);
    const undone = await ask("DELETE", `/provisions/${id}`, undefined, { ...as(who), "If-Match": "*" });
    expect([who, undone.status]).toEqual([who, 403]);
  }
  // Of a private product others know nothing, neither its contract nor that it was provisioned.
  const { body, headers } = await ask("GET", "/products/barn_climate", undefined, as("ann"));
  const { id: _id, createdAt: _made, updatedAt: _changed, ...product } = body as Record<string, unknown>;
  const hidden = await ask(
    "PUT",
    "/products/barn_climate",
    { ...product, visibility: "private" },
    { ...as("ann"), "If-Match": headers.get("etag") ?? "" },
  );
  expect(hidden.status).toBe(200);
  for (const path of [
    `/provisions/${id}`,
    "/products/barn_climate/contract",
    "/products/barn_climate/asyncapi",
  ]) {
    expect([path, (await ask("GET", path, undefined, as("bob"))).status]).toEqual([path, 404]);
    expect([path, (await ask("GET", path, undefined, as("ann"))).status]).toEqual([path, 200]);
  }
  expect((await ask("GET", "/provisions", undefined, as("bob"))).body).toEqual([]);
});

test("what was under way when the process was killed goes on", async () => {
  const service = await world();
  const { body } = await service.ask("POST", "/provisions", asked());
  const made = body as Provision;
  await service.close();
  const storage = await embeddedStorage(service.folder);
  const kept = await storage.collection<{ product: string; record: string }>("provisions", {});
  const stored = await kept.get(made.id);
  expect(stored).toBeDefined();
  const record = JSON.parse(stored?.document.record ?? "{}") as Provision;
  const steps = made.steps.map(({ name }, i) => ({
    name,
    state: i === 1 ? "running" : i === 0 ? "done" : "waiting",
  }));
  const torn = { ...record, state: "running", steps, files: [], plain: [] };
  await kept.replaceIf(made.id, stored?.version ?? 0, {
    product: made.product,
    record: JSON.stringify(torn),
  });
  await storage.close();
  const { ask } = await registryService({}, service.folder);
  const resumed = (await ask("GET", `/provisions/${made.id}`)).body as Provision;
  expect(resumed).toMatchObject({ state: "ready", files: made.files, credential: "barn" });
  expect(resumed.steps.map(({ state }) => state)).toEqual(made.steps.map(({ state }) => state));
});
