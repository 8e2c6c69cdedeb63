// Mosquitto's own programs, and a browser's way in, against this broker on every listener.
import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { WebSocket, type WebSocket as Ws } from "ws";
import { type Broker, startBroker } from "./broker.js";
import { makeCertificates } from "./contract/test-certificates.js";
import { TestClient } from "./contract/test-client.js";

const run = promisify(execFile);
const TIMEOUT = { timeout: 10_000 };

let folder = "";
let plain: Broker;
let secure: Broker;

let ca = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "fieldmesh-clients-"));
  const files = await makeCertificates(folder);
  ca = files.ca;
  plain = await startBroker({ port: 0, wsPort: 0, allowedHosts: ["dashboard.example"] });
  secure = await startBroker({ port: 0, tlsPort: 0, wsPort: 0, tlsCert: files.cert, tlsKey: files.key });
});
afterAll(async () => {
  await plain.close();
  await secure.close();
  await rm(folder, { recursive: true });
});

describe("mosquitto_pub and mosquitto_sub", () => {
  const ways: [string, () => string[]][] = [
    ["TCP", () => ["-p", String(plain.port)]],
    ["TLS", () => ["-p", String(secure.tlsPort), "--cafile", ca]],
  ];
  test.each(ways)("over %s", async (_name, way) => {
    const address = ["-h", "127.0.0.1", ...way()];
    await run(
      "mosquitto_pub",
      [...address, "-t", "env/desk/temperature/raw", "-m", "21.5", "-q", "1", "-r"],
      TIMEOUT,
    );
    const { stdout } = await run(
      "mosquitto_sub",
      [...address, "-t", "env/#", "-v", "-C", "1", "-q", "2"],
      TIMEOUT,
    );
    expect(stdout).toBe("env/desk/temperature/raw 21.5\n");
  });

  test("the health check of the documentation", async () => {
    const { stdout } = await run(
      "mosquitto_sub",
      ["-p", String(plain.port), "-t", "$SYS/#", "-C", "1"],
      TIMEOUT,
    );
    expect(stdout.trim()).not.toBe("");
  });

  test("MQTT 3.1 is spoken, and MQTT 5 refused by its return code", async () => {
    const address = ["-p", String(plain.port), "-t", "env/old", "-m", "x"];
    await run("mosquitto_pub", [...address, "-V", "mqttv31"], TIMEOUT);
    await expect(run("mosquitto_pub", [...address, "-V", "mqttv5"], TIMEOUT)).rejects.toThrow();
  });
});

describe("WebSocket", () => {
  test.each([
    ["ws", () => `ws://127.0.0.1:${plain.wsPort}`],
    ["wss", () => `wss://127.0.0.1:${secure.wsPort}`],
  ])("carries messages over %s", async (_name, url) => {
    await using client = await TestClient.connect(url(), { rejectUnauthorized: false });
    await client.subscribe("web/#", 1);
    const large = "x".repeat(300_000);
    await client.publish("web/large", large, { qos: 1 });
    await client.publish("web/small", "y", { qos: 2 });
    await client.until((seen) => seen.length === 2);
    expect(client.seen.map(({ payload }) => payload)).toEqual([large, "y"]);
  });

  /** "open", or the HTTP status of the refusal. */
  function upgrade(headers: Record<string, string>, protocols: string[] = ["mqtt"]): Promise<string> {
    return new Promise((resolve, reject) => {
      const socket: Ws = new WebSocket(`ws://127.0.0.1:${plain.wsPort}`, protocols, { headers });
      socket.once("open", () => {
        socket.close();
        resolve(`open ${socket.protocol}`);
      });
      socket.once("unexpected-response", (_request, response) => {
        response.resume();
        resolve(String(response.statusCode));
      });
      socket.once("error", reject);
    });
  }

  test.each([
    [{}, "open mqtt"],
    [{ Origin: "http://localhost:3000" }, "open mqtt"],
    [{ Origin: "https://dashboard.example" }, "open mqtt"],
    [{ Origin: "https://evil.example" }, "403"],
    [{ Origin: "null" }, "403"],
    [{ Host: "evil.example" }, "403"],
    [{ Host: "dashboard.example" }, "open mqtt"],
  ])("an upgrade with %j is answered with %s", async (headers, answer) => {
    expect(await upgrade(headers as Record<string, string>)).toBe(answer);
  });

  test("an upgrade without the subprotocol is refused", async () => {
    expect(await upgrade({}, ["chat"])).toBe("403");
  });

  test("a client behind a proxy is not local: anonymous, it is refused", async () => {
    const url = `ws://127.0.0.1:${plain.wsPort}`;
    const proxied = TestClient.connect(url, { wsOptions: { headers: { "X-Forwarded-For": "203.0.113.9" } } });
    await expect(proxied).rejects.toMatchObject({ code: 5 });
  });
});
