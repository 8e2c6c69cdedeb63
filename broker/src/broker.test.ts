import { mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { networkInterfaces, tmpdir } from "node:os";
import { join } from "node:path";
import { EnvironmentError } from "@fieldmesh/runtime";
import { describe, expect, test, vi } from "vitest";
import { formatPasswordFile } from "./access/password-file.js";
import { hashPassword } from "./access/password-hash.js";
import { type Broker, startBroker } from "./broker.js";
import { readBrokerConfig } from "./config.js";
import { makeCertificates } from "./contract/test-certificates.js";
import { connectPacket, RawClient, TestClient } from "./contract/test-client.js";
import { DEFAULT_LIMITS, type Limits } from "./limits.js";

const open = (limits: Partial<Limits> = {}): Promise<Broker> => startBroker({ port: 0 }, { limits });
const url = (broker: Broker): string => `mqtt://127.0.0.1:${broker.port}`;

describe("start", () => {
  test("reads its configuration from the environment", () => {
    const config = readBrokerConfig({ HOST: "127.0.0.2", MQTT_PORT: "1884", ALLOWED_HOSTS: "a.example" });
    expect(config).toMatchObject({
      host: "127.0.0.2",
      port: 1884,
      tlsPort: 8883,
      wsPort: 9001,
      allowedHosts: ["a.example"],
    });
    expect(() => readBrokerConfig({ MQTT_PORT: "many" })).toThrow(EnvironmentError);
  });

  test("reads its limits from the environment, which may not contradict one another", () => {
    const { limits } = readBrokerConfig({
      MQTT_MAX_CLIENTS: "100",
      MQTT_MAX_PACKET: "64KiB",
      MQTT_QUEUE_WAIT: "128KiB",
      MQTT_QUEUE_MAX: "1MiB",
      MQTT_SESSION_MESSAGES: "500",
      MQTT_SESSION_EXPIRY: "12h",
    });
    expect(limits).toEqual({
      clients: 100,
      connections: 120,
      sessions: 200,
      packetBytes: 65_536,
      softQueueBytes: 131_072,
      hardQueueBytes: 1_048_576,
      queuedMessages: 500,
      sessionExpiryMs: 43_200_000,
    });
    expect(DEFAULT_LIMITS).toMatchObject(readBrokerConfig({}).limits);
    expect(() => readBrokerConfig({ MQTT_MAX_PACKET: "16MiB" })).toThrow(/MQTT_QUEUE_MAX/);
  });

  test("a packet is written without a Buffer in store for every number", async () => {
    await using broker = await open();
    const client = await TestClient.connect(url(broker));
    await client.subscribe("a/#");
    await client.end();
    const { cache } = createRequire(import.meta.url)("mqtt-packet/numbers") as { cache: object };
    expect(Object.keys(cache)).toHaveLength(0); // 65,536 with the cache on
  });

  test.each([
    [(port: number) => ({ port }), "MQTT_PORT"],
    [(port: number) => ({ port: 0, wsPort: port }), "MQTT_WS_PORT"],
  ])(
    "a taken port is refused with the variable that changes it, and nothing stays open",
    async (config, variable) => {
      await using first = await open();
      await expect(startBroker(config(first.port))).rejects.toThrow(variable);
    },
  );

  test("HOST beyond loopback without passwords is refused", async () => {
    await expect(startBroker({ host: "0.0.0.0", port: 0 })).rejects.toThrow("PASSWORD_FILE");
    await expect(startBroker({ host: "0.0.0.0", port: 0, aclFile: "acl" })).rejects.toThrow("PASSWORD_FILE");
  });

  test("a file that is missing or broken is refused by name", async () => {
    await expect(startBroker({ port: 0, passwordFile: "/nowhere/passwords" })).rejects.toThrow(
      "/nowhere/passwords",
    );
    await expect(startBroker({ port: 0, tlsCert: "/nowhere/cert.pem" })).rejects.toThrow("TLS_KEY");
  });

  test("beyond loopback everyone signs in, and ALSO on this machine", async () => {
    const folder = await mkdtemp(join(tmpdir(), "fieldmesh-broker-"));
    const passwordFile = join(folder, "passwords");
    await writeFile(passwordFile, formatPasswordFile([{ user: "a", encoded: await hashPassword("s") }]));
    await using broker = await startBroker({ host: "0.0.0.0", port: 0, passwordFile });
    const address =
      Object.values(networkInterfaces())
        .flat()
        .find((each) => each?.family === "IPv4")?.address ?? "127.0.0.1";
    await expect(TestClient.connect(`mqtt://${address}:${broker.port}`)).rejects.toMatchObject({ code: 5 });
    await expect(TestClient.connect(url(broker))).rejects.toMatchObject({ code: 5 });
    await (
      await TestClient.connect(`mqtt://${address}:${broker.port}`, { username: "a", password: "s" })
    ).end();
    await rm(folder, { recursive: true });
  });
});

describe("with a certificate, beyond loopback", () => {
  test("MQTT without TLS is for this machine only, unless it is asked for; TLS is for all", async () => {
    const folder = await mkdtemp(join(tmpdir(), "fieldmesh-broker-"));
    const passwordFile = join(folder, "passwords");
    await writeFile(passwordFile, formatPasswordFile([{ user: "a", encoded: await hashPassword("s") }]));
    const { ca, cert, key } = await makeCertificates(folder);
    const config = {
      host: "0.0.0.0",
      port: 0,
      tlsPort: 0,
      wsPort: 0,
      passwordFile,
      tlsCert: cert,
      tlsKey: key,
    };
    // 127.0.0.2 is an address that 0.0.0.0 takes and 127.0.0.1 does not: as that of the network would be.
    const signedIn = { username: "a", password: "s" };
    const said: object[] = [];
    const ignore = (): void => {};
    const log = {
      debug: ignore,
      info: (fields: object) => void said.push(fields),
      warn: ignore,
      error: ignore,
    };
    await using broker = await startBroker(config, { log });
    await (await TestClient.connect(url(broker), signedIn)).end();
    await expect(TestClient.connect(`mqtt://127.0.0.2:${broker.port}`, signedIn)).rejects.toThrow(
      "ECONNREFUSED",
    );
    const tls = { ...signedIn, ca: await readFile(ca), servername: "localhost" };
    await (await TestClient.connect(`mqtts://127.0.0.2:${broker.tlsPort}`, tls)).end();
    expect(said).toContainEqual(expect.objectContaining({ host: "0.0.0.0", plainHost: "127.0.0.1" }));

    await using open = await startBroker({ ...config, plainHost: "0.0.0.0" });
    await (await TestClient.connect(`mqtt://127.0.0.2:${open.port}`, signedIn)).end();
    await rm(folder, { recursive: true });
  });

  test("MQTT_PLAIN_HOST alone beyond loopback wants passwords too", async () => {
    await expect(startBroker({ plainHost: "0.0.0.0", port: 0 })).rejects.toThrow("MQTT_PLAIN_HOST 0.0.0.0");
  });
});

describe("files that change", () => {
  test("a broken file keeps the rules of before and is logged with its line; mended, it is used", async () => {
    const folder = await mkdtemp(join(tmpdir(), "fieldmesh-broker-"));
    const passwordFile = join(folder, "passwords");
    const encoded = await hashPassword("s");
    const replace = async (text: string): Promise<void> => {
      await writeFile(`${passwordFile}.new`, text);
      await rename(`${passwordFile}.new`, passwordFile);
    };
    await replace(`a:${encoded}\n`);
    const errors: object[] = [];
    const ignore = (): void => {};
    const log = {
      debug: ignore,
      info: ignore,
      warn: ignore,
      error: (fields: object) => void errors.push(fields),
    };
    await using broker = await startBroker({ port: 0, passwordFile }, { log });
    await replace("a:not a hash\n");
    await vi.waitFor(() =>
      expect(errors).toMatchObject([{ error: expect.stringContaining("passwords:1:") }]),
    );
    await (await TestClient.connect(url(broker), { username: "a", password: "s" })).end();
    await replace(`b:${encoded}\n`);
    await vi.waitFor(async () =>
      (await TestClient.connect(url(broker), { username: "b", password: "s" })).end(),
    );
    await rm(folder, { recursive: true });
  });
});

describe("connections of other users", () => {
  test("a client id that another user is connected with is refused", async () => {
    const folder = await mkdtemp(join(tmpdir(), "fieldmesh-broker-"));
    const passwordFile = join(folder, "passwords");
    const encoded = await hashPassword("s");
    await writeFile(passwordFile, formatPasswordFile(["a", "b"].map((user) => ({ user, encoded }))));
    await using broker = await startBroker({ port: 0, passwordFile });
    await using mine = await TestClient.connect(url(broker), {
      clientId: "fm_env_n1",
      username: "a",
      password: "s",
    });
    const theft = TestClient.connect(url(broker), { clientId: "fm_env_n1", username: "b", password: "s" });
    await expect(theft).rejects.toMatchObject({ code: 2 });
    await mine.publish("still/here", "", { qos: 1 });
    await rm(folder, { recursive: true });
  });
});

test("closing publishes no wills twice, ends every connection and frees the port", async () => {
  const broker = await open();
  const client = await TestClient.connect(url(broker));
  using raw = new RawClient(broker.port);
  raw.send(connectPacket("raw"));
  await raw.bytes(4);
  await Promise.all([broker.close(), broker.close()]);
  await client.closed;
  await raw.closed;
  await using again = await startBroker({ port: broker.port });
  expect(again.port).toBe(broker.port);
});

test("a packet that only servers send closes the connection", async () => {
  await using broker = await open();
  using raw = new RawClient(broker.port);
  raw.send(connectPacket("raw"), Buffer.from([0xd0, 0]));
  await raw.closed;
  expect(broker.drops.malformed).toBe(1);
});
