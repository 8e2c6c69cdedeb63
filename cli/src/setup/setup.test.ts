import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startBroker } from "@fieldmesh/broker";
import { lockFolder } from "@fieldmesh/runtime";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { runCommand } from "../program.js";
import { capturedTerminal } from "../testing/captured-terminal.js";

let folder: string;
let env: Record<string, string>;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "fieldmesh-setup-"));
  env = {
    DATA_DIR: folder,
    PASSWORD_FILE: join(folder, "credentials", "password_file"),
    ACL_FILE: join(folder, "credentials", "acl_file"),
  };
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function fieldmesh(args: string[], more: Record<string, string> = {}) {
  const terminal = capturedTerminal({ env: { ...env, ...more } });
  const code = await runCommand(args, terminal);
  return { code, out: terminal.out(), err: terminal.err() };
}

describe("fieldmesh setup", () => {
  it("makes everything once, prints the password once, and changes nothing afterwards", async () => {
    const first = await fieldmesh(["setup", "--slots", "2"]);
    expect(first.code).toBe(0);
    expect(first.out).toMatch(/Sign in as "admin" with the password \S{24} \(shown this once\)/);
    const files = [
      "credentials/password_file",
      "credentials/acl_file",
      "credentials/health.password",
      "users.yaml",
    ];
    const more = ["dashboard/mqtt.password", "edge/edge-1/identity.json", "edge/edge-2/identity.json"];
    const read = () => Promise.all([...files, ...more].map((file) => readFile(join(folder, file), "utf8")));
    const before = await read();
    const second = await fieldmesh(["setup", "--slots", "2"]);
    expect(second.code).toBe(0);
    expect(second.out).not.toContain("shown this once");
    expect(second.out).toContain("0 made, 2 kept");
    expect(await read()).toEqual(before);
  });

  it("makes the file of Mosquitto's plugin where it is asked for, closed, and leaves one that is there", async () => {
    const file = join(folder, "dynamic-security", "dynamic-security.json");
    const setup = () => fieldmesh(["setup", "--slots", "1", "--dynamic-security-file", file]);
    expect((await setup()).code).toBe(0);
    expect(JSON.parse(await readFile(file, "utf8"))).toMatchObject({
      defaultACLAccess: { publishClientSend: false, publishClientReceive: false, subscribe: false },
      clients: [],
    });
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    await writeFile(file, '{"clients": []}');
    expect((await setup()).code).toBe(0);
    expect(await readFile(file, "utf8")).toBe('{"clients": []}');
  });

  it("makes credentials that a broker takes, each for its own purpose", async () => {
    await fieldmesh(["setup", "--slots", "1"]);
    const broker = await startBroker({
      port: 0,
      passwordFile: env["PASSWORD_FILE"],
      aclFile: env["ACL_FILE"],
    });
    try {
      const url = `mqtt://127.0.0.1:${broker.port}`;
      const as = async (user: string, file: string) => ({
        MQTT_URL: url,
        MQTT_USERNAME: user,
        MQTT_PASSWORD: (await readFile(join(folder, file), "utf8")).trim(),
      });
      const health = await as("health", "credentials/health.password");
      const sub = ["sub", "-C", "1", "-W", "5"];
      expect((await fieldmesh([...sub, "-t", "$SYS/broker/uptime"], health)).code).toBe(0);
      expect(await fieldmesh([...sub, "-t", "env/#"], health)).toMatchObject({
        code: 1,
        err: expect.stringContaining("refused to subscribe"),
      });
      const dashboard = await as("dashboard", "dashboard/mqtt.password");
      expect((await fieldmesh(["pub", "-t", "mesh/ack/env/a/b/c", "-r", "-m", "{}"], dashboard)).code).toBe(
        0,
      );
      expect((await fieldmesh([...sub, "-t", "mesh/#"], dashboard)).code).toBe(0);
      const wrong = await fieldmesh([...sub, "-t", "mesh/#"], { ...dashboard, MQTT_PASSWORD: "wrong" });
      expect(wrong).toMatchObject({ code: 1, err: expect.stringContaining("MQTT_PASSWORD") });
    } finally {
      await broker.close();
    }
  });
});

describe("fieldmesh health", () => {
  it("tells a broker that answers from one that does not", async () => {
    const broker = await startBroker({ port: 0 });
    const port = { MQTT_PORT: String(broker.port) };
    expect((await fieldmesh(["health", "broker"], port)).code).toBe(0);
    await broker.close();
    expect((await fieldmesh(["health", "broker"], port)).code).toBe(1);
  });

  it("takes a refusal for a sign of life, and another protocol not", async () => {
    await fieldmesh(["setup", "--slots", "1"]);
    const broker = await startBroker({
      port: 0,
      passwordFile: env["PASSWORD_FILE"],
      aclFile: env["ACL_FILE"],
    });
    expect((await fieldmesh(["health", "broker"], { MQTT_PORT: String(broker.port) })).code).toBe(0);
    await broker.close();
    const { port, server } = await serve(200);
    expect((await fieldmesh(["health", "broker"], { MQTT_PORT: port })).code).toBe(1);
    server.close();
  });

  it.each(["dashboard", "historian", "registry"])("asks /healthz of the %s", async (service) => {
    for (const [status, code] of [
      [200, 0],
      [503, 1],
    ] as const) {
      const { port, server } = await serve(status);
      const variable = `${service.toUpperCase()}_PORT`;
      expect((await fieldmesh(["health", service], { [variable]: port })).code).toBe(code);
      server.close();
    }
  });

  it("finds the edge node that holds a slot", async () => {
    expect((await fieldmesh(["health", "edge"])).code).toBe(1);
    await using _held = await lockFolder(join(folder, "edge", "barn"), "edge barn");
    expect((await fieldmesh(["health", "edge"])).code).toBe(0);
  });

  it("refuses a service that it does not know", async () => {
    expect((await fieldmesh(["health", "toaster"])).code).toBe(2);
  });
});

async function serve(status: number): Promise<{ port: string; server: Server }> {
  const server = createServer((_request, response) => response.writeHead(status).end());
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  return { port: String(typeof address === "object" && address !== null ? address.port : 0), server };
}
